"""The canteen: dishes with versions, meals, menus, cycles, entitlements, restrictions, tills; two roles more."""

from enum import Enum

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

DISHES = """
CREATE TABLE dish_photo (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  digest text NOT NULL,           -- SHA-256 of the WebP, hex
  webp bytea NOT NULL,
  put_at timestamptz NOT NULL,
  PRIMARY KEY (school_id, digest)
);
CREATE TABLE dish (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  key text NOT NULL CHECK (key ~ '^[a-z0-9-]{1,16}$'), -- stands in records of sales
  barcode text NOT NULL DEFAULT '',
  photo text NOT NULL DEFAULT '', -- digest
  version integer NOT NULL,       -- the newest one
  retired_at timestamptz,
  created_at timestamptz NOT NULL,
  UNIQUE (school_id, key)
);
CREATE UNIQUE INDEX which_dish_has_this_barcode ON dish (school_id, barcode)
  WHERE barcode <> '' AND retired_at IS NULL;
CREATE TABLE dish_version (
  dish_id bigint NOT NULL REFERENCES dish ON DELETE RESTRICT,
  version integer NOT NULL CHECK (version > 0),
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  category text NOT NULL,
  price_tiyn bigint NOT NULL CHECK (price_tiyn >= 0),
  portion text NOT NULL,          -- as 250 g
  energy_kcal integer CHECK (energy_kcal >= 0),
  composition text NOT NULL,
  allergens text[] NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (dish_id, version)
);
CREATE TABLE dish_part (          -- what a set is made of
  dish_id bigint NOT NULL,
  version integer NOT NULL,
  place smallint NOT NULL,
  part_id bigint NOT NULL,
  part_version integer NOT NULL,
  PRIMARY KEY (dish_id, version, place),
  FOREIGN KEY (dish_id, version) REFERENCES dish_version ON DELETE RESTRICT,
  FOREIGN KEY (part_id, part_version) REFERENCES dish_version ON DELETE RESTRICT
);
CREATE INDEX which_sets_hold_this_dish ON dish_part (part_id);
"""

MENUS = """
CREATE TABLE meal (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  key text NOT NULL CHECK (key ~ '^[a-z0-9-]{1,16}$'),
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  from_min smallint NOT NULL,     -- after local midnight
  to_min smallint NOT NULL CHECK (to_min > from_min),
  ended_at timestamptz,           -- served no more
  PRIMARY KEY (school_id, key)
);
CREATE TABLE menu (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL,
  meal text NOT NULL,
  "on" date NOT NULL,
  set_id bigint,                  -- the dish that one touch sells
  published_at timestamptz,
  published_by text NOT NULL DEFAULT '',
  UNIQUE (school_id, "on", meal),
  FOREIGN KEY (school_id, meal) REFERENCES meal ON DELETE RESTRICT
);
CREATE TABLE menu_item (
  menu_id bigint NOT NULL REFERENCES menu ON DELETE CASCADE,
  place smallint NOT NULL,
  dish_id bigint NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (menu_id, dish_id),
  FOREIGN KEY (dish_id, version) REFERENCES dish_version ON DELETE RESTRICT
);
ALTER TABLE menu ADD FOREIGN KEY (id, set_id) REFERENCES menu_item (menu_id, dish_id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX which_menus_hold_this_dish ON menu_item (dish_id);
CREATE TABLE cycle (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  name text NOT NULL,
  weeks smallint NOT NULL CHECK (weeks BETWEEN 1 AND 8),
  kept_at timestamptz NOT NULL,
  UNIQUE (school_id, name)
);
CREATE TABLE cycle_item (
  cycle_id bigint NOT NULL REFERENCES cycle ON DELETE CASCADE,
  day smallint NOT NULL,          -- 0 is the Monday of its first week
  meal text NOT NULL,
  place smallint NOT NULL,
  dish_id bigint NOT NULL REFERENCES dish ON DELETE RESTRICT,
  is_set boolean NOT NULL,        -- the one that one touch sells
  PRIMARY KEY (cycle_id, day, meal, place)
);
"""

RIGHTS = """
CREATE TABLE entitlement (        -- an order of the school: who eats free or for less, and why
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  kind text NOT NULL,             -- free or subsidised
  ground text NOT NULL,
  grades smallint[] NOT NULL,     -- of these everybody; empty where persons are listed
  meals text[] NOT NULL,
  price_tiyn bigint NOT NULL CHECK (price_tiyn >= 0), -- what the child pays
  first_on date NOT NULL,
  last_on date NOT NULL CHECK (last_on >= first_on),
  document text NOT NULL,
  proposed_at timestamptz NOT NULL,
  proposed_by text NOT NULL,
  proposer_id bigint REFERENCES account ON DELETE RESTRICT,
  approved_at timestamptz,
  approved_by text NOT NULL DEFAULT '',
  ended_at timestamptz,
  ended_by text NOT NULL DEFAULT ''
);
CREATE INDEX entitlements_of_a_school ON entitlement (school_id, last_on);
CREATE TABLE entitled (           -- a person on such a list
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entitlement_id bigint NOT NULL REFERENCES entitlement ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  proposed_at timestamptz NOT NULL,
  proposed_by text NOT NULL,
  proposer_id bigint REFERENCES account ON DELETE RESTRICT,
  approved_at timestamptz,
  approved_by text NOT NULL DEFAULT '',
  ended_at timestamptz,
  ended_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX who_is_on_the_list ON entitled (entitlement_id, person_id) WHERE ended_at IS NULL;
CREATE INDEX entitlements_of_a_person ON entitled (person_id);
"""

LIMITS = """
CREATE TABLE restriction (        -- what a parent does not allow at the canteen
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  kind text NOT NULL,             -- allergen, dish, category or day_limit
  value text NOT NULL,            -- its key; of a limit the amount in tiyn
  set_at timestamptz NOT NULL,
  set_by text NOT NULL,
  lifted_at timestamptz,
  lifted_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX which_restrictions_hold ON restriction (person_id, kind, value) WHERE lifted_at IS NULL;
CREATE UNIQUE INDEX which_limit_holds ON restriction (person_id) WHERE kind = 'day_limit' AND lifted_at IS NULL;
CREATE INDEX restrictions_of_a_school ON restriction (school_id) WHERE lifted_at IS NULL;
"""

TILLS = """
CREATE TABLE till (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  key text NOT NULL CHECK (key ~ '^[a-z0-9-]{1,16}$'),
  name_kk text NOT NULL,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  device_id bigint NOT NULL REFERENCES device ON DELETE RESTRICT,
  mode text NOT NULL,             -- set or basket
  ended_at timestamptz,
  PRIMARY KEY (school_id, key)
);
CREATE TABLE till_pin (           -- who may open a shift at the tills of the school
  person_id bigint PRIMARY KEY REFERENCES person ON DELETE RESTRICT,
  pin_hash text NOT NULL,         -- argon2id
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
"""


class Role(Enum):
    GUARDIAN = "guardian"
    GUARD = "guard"
    OFFICE = "office"
    CANTEEN = "canteen"
    DIRECTOR = "director"
    IT = "it"
    OPERATOR = "operator"


class Migration(migrations.Migration):
    dependencies = [("cloud", "0008_releases")]
    operations = [
        ops.AlterField(
            model_name="Grant",
            name="role",
            field=fields.CharEnumField(
                description="GUARDIAN: guardian\nGUARD: guard\nOFFICE: office\nCANTEEN: canteen\nDIRECTOR: director\n"
                "IT: it\nOPERATOR: operator",
                enum_type=Role,
                max_length=8,
            ),
        ),
        ops.RunSQL(DISHES),
        ops.RunSQL(MENUS),
        ops.RunSQL(RIGHTS),
        ops.RunSQL(LIMITS),
        ops.RunSQL(TILLS),
    ]
