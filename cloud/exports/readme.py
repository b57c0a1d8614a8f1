"""What an export says of itself to a person, in three languages."""

from collections.abc import Sequence
from datetime import datetime

from cloud.schools.queries import SchoolRow

README = "README.txt"
_TOLD = """\
{kk}: осы жүйедегі мектептің барлық деректері, {at} сәтіндегі.

csv/*.csv         Кестелер: UTF-8, үтір, тақырып, уақыт UTC бойынша, белгісіз мән бос. Электрондық кесте формула деп
                  қабылдайтын мәтін апострофтан басталады.
json/*.jsonl      Сол кестелер, әр жолда бір JSON нысаны. Басқа орнатуға осылар енгізіледі.
school.sqlite     Сол кестелер бір SQLite файлында, кілттерімен.
photos, dishes, documents   Фотосуреттер мен құжаттар; файл атауындағы сан — кестедегі нөмір.
dictionary.csv    Әр кесте мен баған нені білдіреді. datapackage.json бағдарламаларға соны айтады.
sealed.bin        Басқа орнатуға ғана керегі, құпия сөйлеммен шифрланған (бар болса).
manifest.json     Барлық файлдың SHA-256 мәні.

Ашық кестелерде жоқ, өйткені сұралмаған: {left_out_kk}.
Ешқашан берілмейді: құпиясөздер, сеанстар.

{ru}: всё, что есть у школы в этой системе, на {at}.

csv/*.csv         Таблицы: UTF-8, запятые, заголовок, время по UTC, неизвестное пусто. Текст, который электронная
                  таблица приняла бы за формулу, начинается с апострофа.
json/*.jsonl      Те же таблицы, в строке один объект JSON. Их принимает другая установка.
school.sqlite     Те же таблицы одним файлом SQLite, с ключами.
photos, dishes, documents   Фотографии и документы; число в имени файла — номер в таблице.
dictionary.csv    Что значит каждая таблица и колонка. datapackage.json говорит то же программам.
sealed.bin        Что нужно только другой установке, зашифровано парольной фразой (если есть).
manifest.json     SHA-256 каждого файла.

Нет в открытых таблицах, потому что не просили: {left_out_ru}.
Не выдаётся никогда: пароли, сеансы.

{en} ({code}): everything that the school has in this service, at {at}.

csv/*.csv         Tables: UTF-8, commas, a heading, instants in UTC, an empty cell for what is not known. A text that a
                  spreadsheet would take for a formula begins with an apostrophe.
json/*.jsonl      The same tables, one JSON object a line. Another installation takes these in.
school.sqlite     The same tables in one SQLite file, with their keys.
photos, dishes, documents   Photos and documents; the number in a name is the row's.
dictionary.csv    What each table and column means. datapackage.json tells it to programs.
sealed.bin        What only another installation needs, encrypted with the passphrase (if there is one).
manifest.json     The SHA-256 of every file.

Not in the open tables, because nobody asked for it: {left_out_en}.
Left out always: passwords, sessions.
"""
_LEFT_OUT = {  # in Kazakh, Russian and English
    "iin": ("ЖСН", "ИИН", "IINs"),
    "card number": ("карта нөмірлері", "номера карт", "card numbers"),
    "contact": ("байланыс деректері", "контакты", "contacts"),
    "health": (
        "балаларға нені жеуге болмайтыны және құжаттар", "что детям нельзя есть и документы",
        "what children may not eat, and papers",
    ),
    "sealed part": ("шифрланған бөлік", "зашифрованная часть", "the sealed part"),
}  # fmt: skip


def readme(school: SchoolRow, at: datetime, left_out: Sequence[str]) -> bytes:
    """Return the text."""
    kk, ru, en = (", ".join(_LEFT_OUT[each][place] for each in left_out) or "—" for place in range(3))
    return _TOLD.format(
        kk=school.name_kk, ru=school.name_ru, en=school.name_en, code=school.code,
        at=at.isoformat(timespec="seconds"), left_out_kk=kk, left_out_ru=ru, left_out_en=en,
    ).encode()  # fmt: skip
