"""What an export holds of the canteen; lists in a cell are joined by a comma and a space."""

from cloud.exports.shapes import Export

CANTEEN = (
    Export(
        "dishes",
        "Every version of every dish; prices in tiyn; parts are dish/version of what a set is made of.",
        "SELECT dish.key AS dish, v.version, name_kk, name_ru, name_en, category, price_tiyn, portion, energy_kcal,"
        " composition, array_to_string(allergens, ', ') AS allergens, barcode, retired_at, v.created_at, v.created_by,"
        " (SELECT string_agg(part.key || '/' || part_version, ', ' ORDER BY place) FROM dish_part p"
        "  JOIN dish part ON part.id = part_id WHERE p.dish_id = v.dish_id AND p.version = v.version) AS parts"
        " FROM dish_version v JOIN dish ON dish.id = dish_id WHERE school_id = $1 ORDER BY dish.id, v.version",
    ),
    Export(
        "meals",
        "Meals of the day, in minutes after midnight.",
        "SELECT key AS meal, name_kk, name_ru, name_en, from_min, to_min, ended_at FROM meal"
        " WHERE school_id = $1 ORDER BY from_min, key",
    ),
    Export(
        "menus",
        "What was offered on each day at each meal, in order; is_set marks what one touch sells.",
        'SELECT "on", meal, place, dish.key AS dish, item.version, coalesce(set_id = dish_id, false) AS is_set,'
        " published_at, published_by FROM menu JOIN menu_item item ON menu_id = menu.id JOIN dish ON dish.id = dish_id"
        ' WHERE menu.school_id = $1 ORDER BY "on", meal, place',
    ),
    Export(
        "cycles",
        "Cycles that menus are copied from; day 0 is the Monday of the first week.",
        "SELECT name AS cycle, weeks, day, meal, place, dish.key AS dish, is_set FROM cycle"
        " JOIN cycle_item ON cycle_id = cycle.id JOIN dish ON dish.id = dish_id"
        " WHERE cycle.school_id = $1 ORDER BY name, day, meal, place",
    ),
    Export(
        "entitlements",
        "Orders by which children eat free or for less, whom they name, and who approved it.",
        "SELECT e.id AS entitlement, kind, ground, array_to_string(grades, ', ') AS grades,"
        " array_to_string(meals, ', ') AS meals, price_tiyn, first_on, last_on, document, e.proposed_at, e.proposed_by,"
        " e.approved_at, e.approved_by, e.ended_at, e.ended_by FROM entitlement e WHERE school_id = $1 ORDER BY e.id",
    ),
    Export(
        "entitled",
        "Persons on the lists of entitlements.",
        "SELECT entitlement_id AS entitlement, ref AS person, x.proposed_at, x.proposed_by, x.approved_at,"
        " x.approved_by, x.ended_at, x.ended_by FROM entitled x JOIN person ON person.id = person_id"
        " WHERE person.school_id = $1 ORDER BY x.id",
    ),
    Export(
        "restrictions",
        "What is not sold to a child, by whom and when, by a document if the school says so; a day's limit is in tiyn.",
        "SELECT ref AS person, kind, value, is_school, document, set_at, set_by, lifted_at, lifted_by FROM restriction"
        " JOIN person ON person.id = person_id WHERE restriction.school_id = $1 ORDER BY restriction.id",
    ),
    Export(
        "ratings",
        "What parents think of a meal that their child took, from 1 to 5.",
        'SELECT ref AS person, "on", meal, food, service, comment, rated_at, rated_by FROM meal_rating'
        ' JOIN person ON person.id = person_id WHERE meal_rating.school_id = $1 ORDER BY "on", meal, ref',
    ),
    Export(
        "dish_ratings",
        "What parents think of a dish of a meal that they rated, from 1 to 5.",
        'SELECT ref AS person, "on", meal, dish, mark FROM dish_rating JOIN person ON person.id = person_id'
        ' WHERE person.school_id = $1 ORDER BY "on", meal, ref, dish',
    ),
    Export(
        "preorders",
        "What was ordered ahead: dishes as dish/version in order, and when it was cancelled or changed.",
        "SELECT o.id AS preorder, ref AS person, \"on\", o.meal, (SELECT string_agg(dish.key || '/' || chosen.version,"
        " ', ' ORDER BY place) FROM preorder_dish chosen JOIN dish ON dish.id = dish_id WHERE preorder_id = o.id)"
        " AS dishes, ordered_at, ordered_by, cancelled_at, cancelled_by FROM preorder o"
        " JOIN person ON person.id = o.person_id WHERE o.school_id = $1 ORDER BY o.id",
    ),
    Export(
        "canteen_rules",
        "What the school decided about its canteen, if it did; amounts in tiyn, the cut-off in minutes after midnight.",
        "SELECT offline_limit_tiyn, overdraft_tiyn, low_balance_tiyn, preorder_cutoff_min, unseen_policy, set_at,"
        " set_by FROM canteen_rule WHERE school_id = $1",
    ),
    Export(
        "tills",
        "Tills of the canteen, and the device that each stands on.",
        "SELECT till.key AS till, name_kk, name_ru, name_en, device.name AS device, mode, ended_at FROM till"
        " JOIN device ON device.id = device_id WHERE till.school_id = $1 ORDER BY till.key",
    ),
)
