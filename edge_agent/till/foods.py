"""Words for what is in dishes and for their categories, in Kazakh, Russian and English."""

from edge_agent.status.snapshot import Language

# The fourteen of Annex II of Regulation (EU) No 1169/2011; other keys are shown as the school wrote them.
ALLERGENS: dict[Language, dict[str, str]] = {
    "kk": {
        "gluten": "глютен", "crustaceans": "шаян тәрізділер", "eggs": "жұмыртқа", "fish": "балық",
        "peanuts": "жержаңғақ", "soybeans": "соя", "milk": "сүт", "nuts": "жаңғақ", "celery": "балдыркөк",
        "mustard": "қыша", "sesame": "күнжіт", "sulphites": "сульфиттер", "lupin": "люпин", "molluscs": "ұлулар",
    },
    "ru": {
        "gluten": "глютен", "crustaceans": "ракообразные", "eggs": "яйца", "fish": "рыба", "peanuts": "арахис",
        "soybeans": "соя", "milk": "молоко", "nuts": "орехи", "celery": "сельдерей", "mustard": "горчица",
        "sesame": "кунжут", "sulphites": "сульфиты", "lupin": "люпин", "molluscs": "моллюски",
    },
    "en": {
        "gluten": "gluten", "crustaceans": "crustaceans", "eggs": "eggs", "fish": "fish", "peanuts": "peanuts",
        "soybeans": "soya", "milk": "milk", "nuts": "nuts", "celery": "celery", "mustard": "mustard",
        "sesame": "sesame", "sulphites": "sulphites", "lupin": "lupin", "molluscs": "molluscs",
    },
}  # fmt: skip

# The cloud's categories; a test compares the keys.
CATEGORIES: dict[Language, dict[str, str]] = {
    "kk": {
        "set": "кешенді тамақ", "porridge": "ботқалар", "soup": "сорпа-көжелер", "main": "негізгі тағамдар",
        "side": "гарнирлер", "salad": "салаттар", "bakery": "нан мен тоқаш", "dairy": "сүт тағамдары",
        "fruit": "жемістер", "drink": "сусындар", "dessert": "тәттілер", "snack": "жеңіл тағамдар",
        "other": "басқалары",
    },
    "ru": {
        "set": "комплексы", "porridge": "каши", "soup": "супы", "main": "основные блюда", "side": "гарниры",
        "salad": "салаты", "bakery": "хлеб и выпечка", "dairy": "молочные продукты", "fruit": "фрукты",
        "drink": "напитки", "dessert": "сладости", "snack": "закуски", "other": "прочее",
    },
    "en": {
        "set": "sets", "porridge": "porridges", "soup": "soups", "main": "main dishes", "side": "side dishes",
        "salad": "salads", "bakery": "bread and pastry", "dairy": "milk products", "fruit": "fruit",
        "drink": "drinks", "dessert": "sweets", "snack": "snacks", "other": "others",
    },
}  # fmt: skip
