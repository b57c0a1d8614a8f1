"""What this service says of itself: its abilities, its kinds of resources, and the schemas of all it sends.

A group is a role at the school; roles are fixed, so that a group has one of their names.
"""

from cloud.core.roles import Role

ROOT = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
RESULTS_MAX = 200
# Roles that a directory gives and takes. Who could make tokens, or directors, is nobody whom a token makes.
ROLES = (
    Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE, Role.NURSE, Role.CASHIER,
    Role.CANTEEN, Role.GUARD, Role.OFFICE, Role.DEPUTY,
)  # fmt: skip
LANGUAGES = ("kk", "ru", "en")
Json = dict[str, object]


def service_provider_config(base: str) -> Json:
    """Return what this service can do."""
    return {
        "schemas": [f"{_CORE}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": RESULTS_MAX},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken", "name": "OAuth Bearer Token", "primary": True,
                "description": "A token that the school's IT makes, with the scopes accounts.read and accounts.write.",
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }  # fmt: skip


def resource_types(base: str) -> list[Json]:
    """Return the kinds of resources: users and groups."""
    kinds = (("User", "/Users", USER, "An account of staff."), ("Group", "/Groups", GROUP, "A role at the school."))
    return [
        {
            "schemas": [f"{_CORE}ResourceType"], "id": name, "name": name, "endpoint": endpoint, "schema": urn,
            "description": about, "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, endpoint, urn, about in kinds
    ]  # fmt: skip


def schemas(base: str) -> list[Json]:
    """Return the schemas of users and groups, and of what tells of this service."""
    described = (
        (USER, "User", "An account of staff.", _user()),
        (GROUP, "Group", "A role at the school.", _group()),
        (f"{_CORE}ServiceProviderConfig", "ServiceProviderConfig", "What a service can do.", _config()),
        (f"{_CORE}ResourceType", "ResourceType", "A kind of resource.", _resource_type()),
        (f"{_CORE}Schema", "Schema", "The attributes of a resource.", _schema()),
    )
    return [
        {
            "schemas": [f"{_CORE}Schema"], "id": urn, "name": name, "description": about, "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
        }
        for urn, name, about, attributes in described
    ]  # fmt: skip


def _user() -> list[Json]:
    return [
        attribute("userName", "The login: an e-mail address, a phone number or a short name.", required=True,
                  uniqueness="server"),
        attribute("displayName", "The name, as pages show it.", required=True),
        attribute("active", "Whether the account is open. Closing it ends its sessions at once.", "boolean",
                  required=True),
        attribute("preferredLanguage", "The language of its pages.", canonicalValues=list(LANGUAGES)),
        attribute("roles", "What it may at the school.", "complex", multiValued=True, subAttributes=[
            attribute("value", "The role.", required=True, canonicalValues=[role.value for role in ROLES]),
        ]),
    ]  # fmt: skip


def _group() -> list[Json]:
    return [
        attribute("displayName", "The role.", required=True, mutability="immutable", uniqueness="server",
                  canonicalValues=[role.value for role in ROLES]),
        attribute("members", "Accounts that have it.", "complex", multiValued=True, subAttributes=[
            attribute("value", "The id of the account.", required=True, mutability="immutable"),
            attribute("$ref", "Where the account is.", "reference", referenceTypes=["User"], mutability="immutable",
                      caseExact=True),
            attribute("type", "A user.", mutability="immutable", canonicalValues=["User"]),
        ]),
    ]  # fmt: skip


def attribute(name: str, description: str, kind: str = "string", **over: object) -> Json:
    """Return how an attribute is described; one that is written and read, unless it is said otherwise."""
    usual: Json = {
        "name": name, "type": kind, "multiValued": False, "description": description, "required": False,
        "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    }  # fmt: skip
    return usual | ({"caseExact": False} if kind == "string" else {}) | over


def _read(name: str, kind: str = "string", *inner: Json, many: bool = False, required: bool = True) -> Json:
    over: Json = {"mutability": "readOnly", "multiValued": many, "required": required}
    return attribute(name, f"See RFC 7643: {name}.", kind, **(over | ({"subAttributes": list(inner)} if inner else {})))


def _config() -> list[Json]:
    supported = _read("supported", "boolean")
    return [
        _read("documentationUri", "reference", required=False) | {"referenceTypes": ["external"]},
        _read("patch", "complex", supported),
        _read("bulk", "complex", supported, _read("maxOperations", "integer"), _read("maxPayloadSize", "integer")),
        _read("filter", "complex", supported, _read("maxResults", "integer")),
        _read("changePassword", "complex", supported),
        _read("sort", "complex", supported),
        _read("etag", "complex", supported),
        _read("authenticationSchemes", "complex", _read("type"), _read("name"), _read("description"), many=True),
    ]


def _resource_type() -> list[Json]:
    uri = {"referenceTypes": ["uri"], "caseExact": True}
    return [
        _read("id", required=False),
        _read("name"),
        _read("description", required=False),
        _read("endpoint", "reference") | uri,
        _read("schema", "reference") | uri,
        _read("schemaExtensions", "complex", _read("schema", "reference") | uri, _read("required", "boolean"),
              many=True, required=False),
    ]  # fmt: skip


def _schema() -> list[Json]:
    inner = [
        _read("name"), _read("type"), _read("multiValued", "boolean"), _read("description", required=False),
        _read("required", "boolean"), _read("canonicalValues", many=True, required=False),
        _read("caseExact", "boolean", required=False), _read("mutability", required=False),
        _read("returned", required=False), _read("uniqueness", required=False),
        _read("referenceTypes", many=True, required=False),
    ]  # fmt: skip
    whole = [*inner, _read("subAttributes", "complex", *inner, many=True, required=False)]
    return [
        _read("id"),
        _read("name"),
        _read("description", required=False),
        _read("attributes", "complex", *whole, many=True),
    ]
