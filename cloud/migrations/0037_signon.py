"""Digital resources and how one signs in to them: catalogue, clients, tools, keys, tokens, foreign identity providers."""

from tortoise import migrations
from tortoise.migrations import operations as ops

OPENERS = """
CREATE TABLE relying_party ( -- a client of OpenID Connect that a school lets its members sign in to
    id bigserial PRIMARY KEY,
    school_id bigint NOT NULL REFERENCES school (id) ON DELETE RESTRICT,
    name varchar(120) NOT NULL,
    client_id varchar(40) NOT NULL UNIQUE,
    secret_digest varchar(64), -- none: a program on people's own machines, which cannot keep one
    redirect_uris text[] NOT NULL,
    logout_uris text[] NOT NULL DEFAULT '{}',
    scopes text[] NOT NULL DEFAULT '{}', -- what the school lets it know
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX parties_of_a_school ON relying_party (school_id);
CREATE TABLE lti_tool ( -- a tool of LTI 1.3 that a school launches
    id bigserial PRIMARY KEY,
    school_id bigint NOT NULL REFERENCES school (id) ON DELETE RESTRICT,
    name varchar(120) NOT NULL,
    client_id varchar(40) NOT NULL UNIQUE,
    deployment_id varchar(40) NOT NULL,
    login_uri text NOT NULL,
    redirect_uris text[] NOT NULL,
    keys_uri text NOT NULL DEFAULT '', -- its JWKS; empty where it asks for no services
    scopes text[] NOT NULL DEFAULT '{}', -- what the school lets it know
    services text[] NOT NULL DEFAULT '{}', -- what it may ask for and send
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX tools_of_a_school ON lti_tool (school_id);
"""
CATALOGUE = """
CREATE TABLE resource (
    id bigserial PRIMARY KEY,
    school_id bigint NOT NULL REFERENCES school (id) ON DELETE RESTRICT,
    kind varchar(8) NOT NULL,
    title varchar(160) NOT NULL,
    subject varchar(16) NOT NULL,
    language varchar(2) NOT NULL,
    way varchar(4) NOT NULL,
    address text NOT NULL,
    party_id bigint REFERENCES relying_party (id) ON DELETE RESTRICT,
    tool_id bigint REFERENCES lti_tool (id) ON DELETE RESTRICT,
    for_teachers boolean NOT NULL,
    cover bytea,
    cover_digest varchar(64),
    made_at timestamptz NOT NULL,
    published_at timestamptz, -- none: nobody sees it
    retired_at timestamptz,
    CHECK ((way = 'oidc') = (party_id IS NOT NULL) AND (way = 'lti') = (tool_id IS NOT NULL))
);
CREATE INDEX resources_of_a_school ON resource (school_id);
CREATE INDEX resources_of_a_party ON resource (party_id);
CREATE INDEX resources_of_a_tool ON resource (tool_id);
CREATE TABLE resource_audience ( -- a grade or a class that sees it
    resource_id bigint NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
    grade smallint,
    school_class_id bigint REFERENCES school_class (id) ON DELETE CASCADE,
    CHECK ((grade IS NULL) <> (school_class_id IS NULL)),
    UNIQUE NULLS NOT DISTINCT (resource_id, grade, school_class_id)
);
CREATE INDEX audience_by_class ON resource_audience (school_class_id);
"""
PROVIDER = """
CREATE TABLE signing_key (
    id bigserial PRIMARY KEY,
    kid varchar(64) NOT NULL UNIQUE,
    private_encrypted bytea NOT NULL,
    public jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    retired_at timestamptz -- signs no more from then on; its public half is told a while longer
);
CREATE TABLE subject ( -- what a client or tool knows somebody by: drawn by chance, another one for each
    id bigserial PRIMARY KEY,
    party varchar(24) NOT NULL, -- oidc:17, lti:4
    member varchar(24) NOT NULL, -- person:5, account:6
    pseudonym varchar(40) NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (party, member),
    UNIQUE (party, pseudonym)
);
CREATE INDEX subjects_of_a_member ON subject (member);
CREATE TABLE resource_release ( -- somebody was told what a client learns, and went on
    party_id bigint NOT NULL REFERENCES relying_party (id) ON DELETE CASCADE,
    account_id bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    scopes text[] NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (party_id, account_id)
);
CREATE INDEX releases_of_an_account ON resource_release (account_id);
CREATE TABLE oidc_grant ( -- one sign-in to a client: its code, and what all tokens of it hang on
    id bigserial PRIMARY KEY,
    party_id bigint NOT NULL REFERENCES relying_party (id) ON DELETE CASCADE,
    account_id bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    sign_in_id bigint NOT NULL REFERENCES sign_in (id) ON DELETE CASCADE, -- who signs out is signed out of it
    code_digest varchar(64) NOT NULL UNIQUE,
    code_until timestamptz NOT NULL,
    code_used_at timestamptz,
    redirect_uri text NOT NULL,
    challenge varchar(64) NOT NULL,
    nonce varchar(255),
    scopes text[] NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX grants_of_a_session ON oidc_grant (sign_in_id);
CREATE INDEX grants_of_an_account_to_a_party ON oidc_grant (account_id, party_id);
CREATE INDEX grants_of_a_party ON oidc_grant (party_id);
CREATE TABLE oidc_token (
    digest varchar(64) PRIMARY KEY,
    grant_id bigint NOT NULL REFERENCES oidc_grant (id) ON DELETE CASCADE,
    kind varchar(8) NOT NULL, -- access, refresh
    until timestamptz NOT NULL,
    used_at timestamptz -- of a refresh token
);
CREATE INDEX tokens_of_a_grant ON oidc_token (grant_id);
"""
LTI = """
CREATE TABLE lti_launch ( -- what a tool is sent off with, for one use
    digest varchar(64) PRIMARY KEY,
    tool_id bigint NOT NULL REFERENCES lti_tool (id) ON DELETE CASCADE,
    resource_id bigint NOT NULL REFERENCES resource (id) ON DELETE CASCADE,
    school_class_id bigint NOT NULL REFERENCES school_class (id) ON DELETE CASCADE,
    account_id bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    until timestamptz NOT NULL
);
CREATE INDEX launches_to_forget ON lti_launch (until);
CREATE INDEX launches_of_an_account ON lti_launch (account_id);
CREATE TABLE lti_token (
    digest varchar(64) PRIMARY KEY,
    tool_id bigint NOT NULL REFERENCES lti_tool (id) ON DELETE CASCADE,
    scopes text[] NOT NULL,
    jti varchar(255) NOT NULL, -- of the assertion that asked for it: believed once
    until timestamptz NOT NULL,
    UNIQUE (tool_id, jti)
);
CREATE TABLE lti_line ( -- a column of results that a tool fills in
    id bigserial PRIMARY KEY,
    tool_id bigint NOT NULL REFERENCES lti_tool (id) ON DELETE RESTRICT,
    resource_id bigint NOT NULL REFERENCES resource (id) ON DELETE RESTRICT,
    school_class_id bigint NOT NULL REFERENCES school_class (id) ON DELETE RESTRICT,
    label varchar(160) NOT NULL,
    score_max double precision NOT NULL,
    tool_key varchar(160) NOT NULL DEFAULT '', -- the tool's own name of it (resourceId)
    tag varchar(160) NOT NULL DEFAULT '',
    is_first boolean NOT NULL, -- the one that comes with the resource
    made_at timestamptz NOT NULL
);
CREATE INDEX lines_of_a_resource ON lti_line (resource_id, school_class_id);
CREATE UNIQUE INDEX one_first_line_of_a_course ON lti_line (tool_id, resource_id, school_class_id) WHERE is_first;
CREATE TABLE lti_score ( -- what a tool last said of a student
    line_id bigint NOT NULL REFERENCES lti_line (id) ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES person (id) ON DELETE RESTRICT,
    given double precision, -- none: taken back, or not marked yet
    score_max double precision,
    progress varchar(16) NOT NULL, -- of the work: Initialized, Started, InProgress, Submitted, Completed
    marking varchar(16) NOT NULL, -- NotReady, Failed, Pending, PendingManual, FullyGraded
    comment varchar(1000) NOT NULL DEFAULT '',
    told_at timestamptz NOT NULL, -- the tool's own instant: an older one changes nothing
    received_at timestamptz NOT NULL,
    PRIMARY KEY (line_id, person_id)
);
CREATE INDEX scores_of_a_person ON lti_score (person_id);
"""
FOREIGN = """
CREATE TABLE identity_provider ( -- somebody else who says who comes
    id bigserial PRIMARY KEY,
    school_id bigint REFERENCES school (id) ON DELETE RESTRICT, -- none: for the whole installation
    name varchar(80) NOT NULL,
    issuer text NOT NULL,
    client_id varchar(200) NOT NULL,
    secret_encrypted bytea, -- none: proves itself by PKCE alone
    algorithm varchar(8) NOT NULL, -- the one its tokens are signed by
    scopes text[] NOT NULL,
    claim varchar(60) NOT NULL DEFAULT '', -- by which an account is found the first time; empty: by none
    claim_kind varchar(8) NOT NULL DEFAULT '', -- iin, email, phone
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX providers_of_a_school ON identity_provider (school_id);
CREATE TABLE identity_link (
    id bigserial PRIMARY KEY,
    provider_id bigint NOT NULL REFERENCES identity_provider (id) ON DELETE CASCADE,
    subject varchar(255) NOT NULL,
    account_id bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    UNIQUE (provider_id, subject),
    UNIQUE (account_id, provider_id)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0036_own_data")]
    operations = [ops.RunSQL(sql) for sql in (OPENERS, CATALOGUE, PROVIDER, LTI, FOREIGN)]
