"""Settings come from the environment alone, and a wrong one is refused by name."""

from pathlib import Path

import pytest

from cloud.core.settings import Edition, Settings, SettingWrong

SERVER = {
    "ESIK_EDITION": "server",
    "ESIK_DATABASE_URL": "postgres://esik:hush@db/esik",
    "ESIK_MQTT_URL": "mqtts://broker:8883",
    "ESIK_MQTT_CA": "/etc/esik/ca.pem",
}


def test_nothing_set_is_the_embedded_edition_in_a_folder_beside() -> None:
    settings = Settings.from_environment({})

    assert settings.edition is Edition.EMBEDDED
    assert settings.vault_key_file == Path("esik-data/vault.key")


def test_a_command_line_wins_over_the_environment() -> None:
    settings = Settings.from_environment({"ESIK_HTTP_PORT": "8001", "ESIK_DATA": "/a"}, data=Path("/b"), http_port=None)

    assert (settings.http_port, settings.data) == (8001, Path("/b"))


def test_without_a_public_address_the_pages_are_where_they_listen() -> None:
    given = {"ESIK_HTTP_HOST": "0.0.0.0", "ESIK_HTTP_PORT": "81"}

    assert Settings.from_environment(given).public_url == "http://127.0.0.1:81"
    assert (
        Settings.from_environment({**given, "ESIK_PUBLIC_URL": "https://esik.test"}).public_url == "https://esik.test"
    )


def test_the_server_edition_is_two_addresses() -> None:
    assert Settings.from_environment(SERVER).mqtt_ca == Path("/etc/esik/ca.pem")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ESIK_HTTP_PORT": "eighty"}, "ESIK_HTTP_PORT is eighty; it must be a whole number above 0"),
        ({"ESIK_HTTP_PROT": "80"}, "ESIK_HTTP_PROT is not a setting"),
        ({"ESIK_EDITION": "serve"}, "ESIK_EDITION is serve; it must be one of embedded, server"),
        ({"ESIK_EDITION": "server"}, "ESIK_DATABASE_URL is empty"),
        ({**SERVER, "ESIK_MQTT_CA": ""}, "ESIK_MQTT_CA is empty"),
        ({"ESIK_DATABASE_URL": "mysql://u:hush@h/d"}, "ESIK_DATABASE_URL is not readable"),
        ({"ESIK_PUBLIC_URL": "esik.kz"}, "ESIK_PUBLIC_URL is not readable"),
        ({"ESIK_SMS_URL": "https://smsc.kz/sys/send.php"}, "ESIK_SMS_URL is without login and password"),
        ({"ESIK_SMS_URL": "http://u:hush@smsc.kz/sys/send.php"}, "ESIK_SMS_URL is without TLS"),
        ({"ESIK_LOG_LEVEL": "loud"}, "ESIK_LOG_LEVEL is loud"),
        ({"ESIK_MFA": "off"}, "ESIK_MFA is off; it must be one of required, optional"),
        ({"ESIK_MFA": "optional", "ESIK_PUBLIC_URL": "https://esik.kz"}, "ESIK_MFA is optional; it must be `required`"),
        ({"ESIK_MFA": "optional", "ESIK_PUBLIC_URL": "http://10.0.0.1"}, "ESIK_MFA is optional; it must be `required`"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(SettingWrong, match=told) as refused:
        Settings.from_environment(wrong)

    assert "hush" not in str(refused.value)


def test_another_process_reads_the_same_settings_from_what_this_one_gives_it() -> None:
    over = {"ESIK_HTTP_PORT": "8001", "ESIK_DATA": "/a", "ESIK_MFA": "required", "ESIK_METRICS_PORT": "9100"}
    for given in ({}, SERVER | over):
        settings = Settings.from_environment(given)

        assert Settings.from_environment(settings.as_environment()) == settings
