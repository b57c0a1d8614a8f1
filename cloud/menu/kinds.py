"""What dishes, entitlements, restrictions and tills may be: the words other slices and the wire use."""

from enum import Enum

from cloud.core.i18n import N_

ORDERED = "esik_orders"  # channel: orders ahead were made or cancelled; the payload is the school's id

# Annex II of Regulation (EU) No 1169/2011; whatever else somebody is allergic to is named by a word of its own.
ALLERGENS = {
    "gluten": N_("Cereals with gluten"),
    "crustaceans": N_("Crustaceans"),
    "eggs": N_("Eggs"),
    "fish": N_("Fish"),
    "peanuts": N_("Peanuts"),
    "soybeans": N_("Soybeans"),
    "milk": N_("Milk"),
    "nuts": N_("Nuts"),
    "celery": N_("Celery"),
    "mustard": N_("Mustard"),
    "sesame": N_("Sesame seeds"),
    "sulphites": N_("Sulphites"),
    "lupin": N_("Lupin"),
    "molluscs": N_("Molluscs"),
}
CATEGORIES = {
    "set": N_("Sets"),
    "porridge": N_("Porridges"),
    "soup": N_("Soups"),
    "main": N_("Main dishes"),
    "side": N_("Side dishes"),
    "salad": N_("Salads"),
    "bakery": N_("Bread and pastry"),
    "dairy": N_("Milk products"),
    "fruit": N_("Fruit"),
    "drink": N_("Drinks"),
    "dessert": N_("Sweets"),
    "snack": N_("Snacks"),
    "other": N_("Others"),
}
SET = "set"
# Why somebody eats free or for less: the groups of the school rules, and what a school adds.
GROUNDS = {
    "grades": N_("Whole grades"),
    "orphan": N_("Orphans and children without parental care"),
    "social_aid": N_("Targeted social assistance"),
    "low_income": N_("Income below the subsistence minimum"),
    "large_family": N_("Large families"),
    "disability": N_("Children with disabilities"),
    "emergency": N_("Help in an emergency"),
    "other": N_("Other decision of the school"),
}


class RightKind(Enum):
    """What an entitlement gives; the values stand in rosters."""

    FREE = "free"
    SUBSIDISED = "subsidised"


class Limit(Enum):
    """What a restriction is about."""

    ALLERGEN = "allergen"
    DISH = "dish"
    CATEGORY = "category"
    DAY_LIMIT = "day_limit"


class TillMode(Enum):
    """What one touch does at a till; the values stand in rosters."""

    SET = "set"  # sells the set of the meal
    BASKET = "basket"


class UnseenPolicy(Enum):
    """What a till does about a free meal for somebody whom no gate has seen today; the values stand in rosters."""

    ALLOW = "allow"  # it is sold, and listed for the office
    ASK = "ask"  # the cashier is asked once, and never forbidden
