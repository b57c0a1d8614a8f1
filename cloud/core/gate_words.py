"""Words and signs of the gates' book and of what orders do at gates."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

GATE_SIGNS = {
    "deed_visit": Sign(N_("Visitor"), "out", "people"),
    "deed_delivery": Sign(N_("Delivery"), "out", "people"),
    "deed_opened": Sign(N_("Opened by hand"), "warn", "hand"),
    "deed_hand_pass": Sign(N_("Let through without a card"), "warn", "hand"),
    "deed_collected": Sign(N_("Child collected"), "in", "tick"),
    "deed_exception": Sign(N_("Handed over by exception"), "no", "warn"),
    "handed_no_exit": Sign(N_("Given over, no exit seen"), "warn", "warn"),
    "deed_fire": Sign(N_("Fire ordered"), "no", "warn"),
    "deed_lock_down": Sign(N_("Lockdown ordered"), "no", "stop"),
    "deed_normal": Sign(N_("Back to usual"), "in", "tick"),
    "visit_inside": Sign(N_("Inside"), "out", "inside"),
}
GATE_WORDS = {
    "fire_open": N_("Opens both ways"),
    "fire_usual": N_("As usual"),
    "lockdown_shut": N_("Nobody comes in, the way out lets out"),
    "lockdown_shut_both": N_("Shut both ways: nobody comes in or out by card"),
    "lockdown_open": N_("Open: everybody passes who shows a card"),
    "lockdown_usual": N_("As usual"),
    "through_in": N_("in"),
    "through_out": N_("out"),
    "for_guest": N_("guest"),
    "for_parent": N_("parent"),
    "for_delivery": N_("delivery"),
    "for_repair": N_("repair"),
    "for_inspection": N_("inspection"),
    "for_other": N_("other reason"),
    "for_group": N_("a group"),
    "for_load": N_("a load"),
    "for_emergency": N_("ambulance"),
    "for_faulty": N_("the reader is faulty"),
    "for_visitor": N_("a visitor"),
}
