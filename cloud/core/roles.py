"""What an account may be."""

from enum import Enum


class Role(Enum):
    """A grant gives a role at a school, at a node of the tree above the schools, or everywhere.

    Its words are `word(f"role_{role.value}")`.
    """

    GUARDIAN = "guardian"  # a parent or legal representative
    STUDENT = "student"
    TEACHER = "teacher"  # of a subject
    CLASS_TEACHER = "class_teacher"
    TUTOR = "tutor"
    METHODOLOGIST = "methodologist"
    PEDAGOGUE = "pedagogue"  # social: keeps the lists of who eats free
    NURSE = "nurse"  # keeps diets
    CASHIER = "cashier"
    CANTEEN = "canteen"  # plans and publishes menus
    GUARD = "guard"
    OFFICE = "office"
    DEPUTY = "deputy"
    DIRECTOR = "director"  # approves who eats free, signs reports
    IT = "it"
    AUTHORITY = "authority"  # municipal, regional or national
    OPERATOR = "operator"
    AUDITOR = "auditor"


OF_FAMILIES = frozenset({Role.GUARDIAN, Role.STUDENT})
OF_NODES = frozenset({Role.AUTHORITY, Role.AUDITOR})  # granted at a node of the tree; at its root for the whole country
EVERYWHERE = frozenset({Role.OPERATOR})  # granted at no place
OF_CLASSES = frozenset({Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR})  # their classes are named one by one
OF_SCHOOLS = frozenset(Role) - OF_NODES - EVERYWHERE
STAFF = OF_SCHOOLS - OF_FAMILIES
