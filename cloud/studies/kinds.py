"""Areas of the state's standard, and the subjects of general secondary education in Kazakhstan, grades 0 to 11.

The list is that of the standard curricula (order of the Minister of Education No. 500 of 8 November 2012, as amended).
Points of difficulty rank lessons of a day as the sanitary rules for places of education do, by this project's reading;
0: they name none.
"""

from dataclasses import dataclass

from cloud.core.i18n import N_

AREAS = {
    "languages": N_("Language and literature"),
    "mathematics": N_("Mathematics and informatics"),
    "science": N_("Natural science"),
    "society": N_("Man and society"),
    "arts": N_("Technology and art"),
    "sport": N_("Physical culture"),
    "choice": N_("At the school's choice"),
}


@dataclass(frozen=True, slots=True)
class StateSubject:
    """A subject of the state's list, named in three languages, with the grades in which it is taught."""

    code: str
    area: str
    kk: str
    ru: str
    en: str
    difficulty: int
    grades: tuple[int, int]  # the first and the last one


SUBJECTS = (
    StateSubject("literacy", "languages", "Сауат ашу", "Обучение грамоте", "Literacy", 7, (0, 1)),
    StateSubject("mother_tongue", "languages", "Ана тілі", "Родная речь", "Mother tongue", 7, (1, 1)),
    StateSubject("kazakh", "languages", "Қазақ тілі", "Казахский язык", "Kazakh language", 7, (0, 11)),
    StateSubject("literary_reading", "languages", "Әдебиеттік оқу", "Литературное чтение", "Literary reading", 7,
                 (2, 4)),
    StateSubject("kazakh_literature", "languages", "Қазақ әдебиеті", "Казахская литература", "Kazakh literature", 7,
                 (5, 11)),
    StateSubject("kazakh_t2", "languages", "Қазақ тілі мен әдебиеті (Т2)", "Казахский язык и литература (Т2)",
                 "Kazakh language and literature (T2)", 11, (1, 11)),
    StateSubject("russian", "languages", "Орыс тілі", "Русский язык", "Russian language", 7, (0, 11)),
    StateSubject("russian_literature", "languages", "Орыс әдебиеті", "Русская литература", "Russian literature", 7,
                 (5, 11)),
    StateSubject("russian_t2", "languages", "Орыс тілі мен әдебиеті (Т2)", "Русский язык и литература (Т2)",
                 "Russian language and literature (T2)", 11, (1, 11)),
    StateSubject("english", "languages", "Ағылшын тілі", "Английский язык", "English", 10, (0, 11)),
    StateSubject("mathematics", "mathematics", "Математика", "Математика", "Mathematics", 11, (0, 6)),
    StateSubject("algebra", "mathematics", "Алгебра", "Алгебра", "Algebra", 11, (7, 9)),
    StateSubject("analysis", "mathematics", "Алгебра және анализ бастамалары", "Алгебра и начала анализа",
                 "Algebra and elementary analysis", 11, (10, 11)),
    StateSubject("geometry", "mathematics", "Геометрия", "Геометрия", "Geometry", 11, (7, 11)),
    StateSubject("digital_literacy", "mathematics", "Цифрлық сауаттылық", "Цифровая грамотность", "Digital literacy", 9,
                 (1, 4)),
    StateSubject("informatics", "mathematics", "Информатика", "Информатика", "Informatics", 9, (5, 11)),
    StateSubject("cognition", "science", "Дүниетану", "Познание мира", "Cognition of the world", 6, (0, 4)),
    StateSubject("natural_science", "science", "Жаратылыстану", "Естествознание", "Natural science", 6, (1, 6)),
    StateSubject("geography", "science", "География", "География", "Geography", 6, (7, 11)),
    StateSubject("biology", "science", "Биология", "Биология", "Biology", 9, (7, 11)),
    StateSubject("physics", "science", "Физика", "Физика", "Physics", 9, (7, 11)),
    StateSubject("chemistry", "science", "Химия", "Химия", "Chemistry", 9, (7, 11)),
    StateSubject("history", "society", "Қазақстан тарихы", "История Казахстана", "History of Kazakhstan", 8, (5, 11)),
    StateSubject("world_history", "society", "Дүниежүзі тарихы", "Всемирная история", "World history", 8, (5, 11)),
    StateSubject("law", "society", "Құқық негіздері", "Основы права", "Basics of law", 8, (9, 11)),
    StateSubject("self_knowledge", "society", "Өзін-өзі тану", "Самопознание", "Self-knowledge", 6, (0, 11)),
    StateSubject("competencies", "society", "Жаһандық құзыреттер", "Глобальные компетенции", "Global competencies", 0,
                 (5, 11)),
    StateSubject("business", "society", "Кәсіпкерлік және бизнес негіздері", "Основы предпринимательства и бизнеса",
                 "Basics of enterprise and business", 0, (10, 11)),
    StateSubject("graphics", "arts", "Графика және жобалау", "Графика и проектирование", "Graphics and design", 3,
                 (10, 11)),
    StateSubject("artistic_labour", "arts", "Көркем еңбек", "Художественный труд", "Artistic labour", 4, (1, 9)),
    StateSubject("fine_art", "arts", "Бейнелеу өнері", "Изобразительное искусство", "Fine art", 2, (0, 4)),
    StateSubject("music", "arts", "Музыка", "Музыка", "Music", 1, (0, 6)),
    StateSubject("physical_education", "sport", "Дене шынықтыру", "Физическая культура", "Physical education", 5,
                 (0, 11)),
    StateSubject("military_training", "sport", "Алғашқы әскери және технологиялық дайындық",
                 "Начальная военная и технологическая подготовка", "Initial military and technological training", 0,
                 (10, 11)),
)  # fmt: skip
BY_CODE = {each.code: each for each in SUBJECTS}
