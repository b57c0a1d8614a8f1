"""Cards that prove themselves are of kinds of their own, and the longest reason of a denial is longer."""

from enum import Enum

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Medium(Enum):
    UID = "uid"
    QR = "qr"
    DESFIRE = "desfire"
    SUN = "sun"


class Migration(migrations.Migration):
    dependencies = [("cloud", "0006_photos")]
    operations = [
        ops.AlterField(
            model_name="Card",
            name="medium",
            field=fields.CharEnumField(
                default=Medium.UID,
                description="UID: uid\nQR: qr\nDESFIRE: desfire\nSUN: sun",
                enum_type=Medium,
                max_length=7,
            ),
        ),
        ops.AlterField(model_name="Movement", name="let_reason", field=fields.CharField(default="", max_length=24)),
        ops.AlterField(model_name="Movement", name="reason", field=fields.CharField(default="", max_length=24)),
    ]
