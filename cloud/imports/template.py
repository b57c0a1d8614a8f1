"""An empty spreadsheet to fill in, with headings in one of three languages, examples, and cells formatted as text."""

from io import BytesIO

import xlsxwriter

from cloud.imports.columns import HELP, LAYOUTS, Column

LANGUAGES = ("kk", "ru", "en")
WIDTH = 24
TEXT_FORMAT = "@"  # so that no zero of an IIN or card number is lost
HINTS = {
    "kk": (
        "Парақтардың атауы мен тақырыптарын өзгертпеңіз; мысалдар тақырыптардың ескертпелерінде.",
        "ЖСН немесе мектептің өз нөмірі арқылы балалар, карталар және келісімдер байланысады.",
        "Келісімі жоқ адамның картасы есікті ашпайды.",
    ),
    "ru": (
        "Не меняйте названия листов и заголовки; примеры — в примечаниях к заголовкам.",
        "Дети, карты и согласия связаны по ИИН или по номеру, который дала школа.",
        "Без согласия карта человека не открывает дверь.",
    ),
    "en": (
        "Keep the names of sheets and the headings; examples stand in the headings' notes.",
        "Children, cards and consents are linked by IIN, or by the school's own number.",
        "Without a consent a person's card opens no gate.",
    ),
}


def template(language: str) -> bytes:
    """Return the .xlsx file in kk, ru or en."""
    place = LANGUAGES.index(language)
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "num_format": TEXT_FORMAT})
        text = book.add_format({"num_format": TEXT_FORMAT})
        help_sheet = book.add_worksheet(HELP[place])
        help_sheet.set_column(0, 0, 100)
        for number, hint in enumerate(HINTS[language]):
            help_sheet.write_string(number, 0, hint)
        for layout in LAYOUTS.values():
            sheet = book.add_worksheet(layout.names[place])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(layout.columns) - 1, WIDTH, text)
            for number, column in enumerate(layout.columns):
                sheet.write_string(0, number, _heading(column, place), heading)
                if column.example:
                    sheet.write_comment(0, number, column.example)
    return out.getvalue()


def _heading(column: Column, place: int) -> str:
    return column.names[place] + (" *" if column.required else "")
