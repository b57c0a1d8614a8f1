"""Words and signs of studies: vacancies, loads, and how plans fit."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

STUDY_SIGNS = {
    "vacancy": Sign(N_("No teacher"), "warn", "warn"),
    "overload": Sign(N_("Above the norm"), "warn", "rise"),
    "underload": Sign(N_("Below the norm"), "mute", "fall"),
    "fits": Sign(N_("Fits"), "in", "tick"),
    "misfit": Sign(N_("Does not fit"), "warn", "warn"),
    "by_plan": Sign(N_("This plan"), "in", "tick"),
    "resource_verified": Sign(N_("Verified"), "in", "tick"),
    "resource_unverified": Sign(N_("Not verified"), "mute", "dash"),
    "resource_free": Sign(N_("Free of charge"), "in", "tick"),
    "resource_near": Sign(N_("Your subject"), "out", "tick"),
    "resource_opened": Sign(N_("Opened"), "in", "load"),
    "theme_sor": Sign(N_("SOR"), "out", "info"),
    "theme_soch": Sign(N_("SOCH"), "out", "info"),
}
