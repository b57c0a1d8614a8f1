"""Words of the table of rights: kinds of things, and how far a right reaches."""

from cloud.core.i18n import N_
from cloud.core.rights import Thing, Within

THINGS = {
    Thing.PEOPLE: N_("People and families"),
    Thing.GATES: N_("Gates and presence"),
    Thing.CARDS: N_("Cards"),
    Thing.CANTEEN: N_("Canteen"),
    Thing.MONEY: N_("Money"),
    Thing.REPORTS: N_("Reports"),
    Thing.SCHOOL: N_("The school"),
    Thing.LEARNING: N_("Learning"),
    Thing.DEVICES: N_("Devices"),
    Thing.ACCOUNTS: N_("Accounts and rights"),
}
REACHES = {
    Within.OWN: N_("oneself"),
    Within.CHILD: N_("own child"),
    Within.COURSE: N_("what one teaches"),
    Within.CLASS: N_("own classes"),
    Within.SCHOOL: N_("own school"),
    Within.REGION: N_("schools of the own district, region or country"),
    Within.ALL: N_("all schools"),
}
