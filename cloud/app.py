"""The web application: every slice's pages, the API, health and figures, on services that are given."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus

import asyncpg
import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from prometheus_client import generate_latest
from typing_extensions import override

from cloud.accounts import factor_pages, session_pages
from cloud.accounts import pages as account_pages
from cloud.accounts.web import FactorNeeded, PasswordChangeNeeded, SignInNeeded, way_out, who_now
from cloud.announcements import desk_pages as posting_pages
from cloud.announcements import pages as board_pages
from cloud.announcements.waiting import first_of
from cloud.builder import pages as builder_pages
from cloud.consents import pages as privacy_pages
from cloud.core import app_shell, assets, security_txt, telling
from cloud.core.assets import Assets
from cloud.core.guarding import Figures, Guarding
from cloud.core.live import Feed
from cloud.core.packing import Packing
from cloud.core.pages import Pages
from cloud.core.ports import listen
from cloud.core.services import Services
from cloud.core.settings import Edition, Settings
from cloud.core.signposts import Signposts
from cloud.core.telling import tell_refused, wants_page
from cloud.faq import pages as faq_pages
from cloud.foreign_gates import api as gates_api
from cloud.foreign_gates import presence_api
from cloud.guard import book_pages, pin_pages
from cloud.guard import pages as guard_pages
from cloud.guardian import (
    absence_pages,
    blocking,
    calendar_pages,
    collector_pages,
    diary_pages,
    joining_pages,
    log_pages,
    notice_api,
    notice_pages,
    order_pages,
    own_data_pages,
    pass_pages,
    portfolio_pages,
    practice_pages,
    push_pages,
    rating_pages,
    recovery_pages,
    sitting_pages,
    sms_api,
    statistics_api,
    statistics_pages,
    telegram_pages,
    ways_pages,
)
from cloud.guardian import api as guardian_api
from cloud.guardian import call_pages as guardian_call_pages
from cloud.guardian import consent_pages as guardian_consent_pages
from cloud.guardian import family_pages as guardian_family_pages
from cloud.guardian import homework_pages as homework_pages_of_family
from cloud.guardian import menu_api as guardian_menu_api
from cloud.guardian import menu_pages as guardian_menu_pages
from cloud.guardian import money_pages as guardian_money_pages
from cloud.guardian import pages as guardian_pages
from cloud.guardian import timetable_pages as guardian_timetable_pages
from cloud.maintenance import pages as maintenance_pages
from cloud.maintenance.queries import Announced
from cloud.messages import family_pages as message_pages
from cloud.messages import staff_pages as writing_pages
from cloud.monitoring import pages as server_pages
from cloud.monitoring.watching import keep_beating
from cloud.office import absence_pages as absence_pages_of_school
from cloud.office import account_pages as account_pages_of_school
from cloud.office import (
    advice_pages,
    alert_pages,
    anchor_pages,
    assessment_pages,
    attempt_pages,
    audit_pages,
    bank_pages,
    call_pages,
    canteen_pages,
    canteen_rule_pages,
    card_pages,
    class_pages,
    collect_pages,
    consent_pages,
    correction_pages,
    course_pages,
    day_pass_pages,
    delivery_pages,
    diet_list_pages,
    diet_pages,
    dish_pages,
    enrol_pages,
    entitlement_pages,
    exam_pages,
    export_pages,
    family_pages,
    fitness_pages,
    fleet_alarms,
    fleet_device_pages,
    fleet_pages,
    given_pages,
    goal_pages,
    grading_pages,
    homework_check_pages,
    homework_load_pages,
    homework_pages,
    import_pages,
    indicator_api,
    indicator_pages,
    journal_import_pages,
    journal_lesson_pages,
    journal_pages,
    journal_sheet_pages,
    load_pages,
    menu_api,
    menu_pages,
    money_pages,
    morning_pages,
    own_profile_pages,
    person_pages,
    photo_pages,
    plan_pages,
    profile_pages,
    program_pages,
    qti_pages,
    quality_pages,
    region_pages,
    region_report_pages,
    register_pages,
    report_api,
    report_pages,
    resource_usage_pages,
    retention_pages,
    role_pages,
    security_pages,
    settling_pages,
    sold_pages,
    staff_profile_pages,
    study_pages,
    theme_pages,
    timetable_day_pages,
    timetable_edit_pages,
    timetable_import_pages,
    timetable_keep_pages,
    timetable_pages,
    told_pages,
    transfer_pages,
    trip_pages,
    ui_pages,
    wallet_pages,
    ways_in_pages,
    year_pages,
)
from cloud.office import api as office_api
from cloud.office import calendar_pages as calendar_pages_of_school
from cloud.office import collector_pages as collector_pages_of_school
from cloud.office import order_pages as kitchen_pages
from cloud.office import pages as office_pages
from cloud.office import portfolio_pages as portfolio_pages_of_school
from cloud.office import practice_pages as practice_pages_of_school
from cloud.office import rating_pages as canteen_rating_pages
from cloud.office import statistics_api as statistics_api_of_school
from cloud.office import statistics_pages as statistics_pages_of_school
from cloud.office.counting import counted
from cloud.oneroster import api as oneroster_api
from cloud.oneroster import files_api as oneroster_files_api
from cloud.oneroster import gradebook_api as oneroster_gradebook_api
from cloud.portfolio import pages as certificate_pages
from cloud.questionnaires import answer_pages, staff_pages
from cloud.releases import api as release_api
from cloud.releases import pages as release_pages
from cloud.reports import pages as signed_pages
from cloud.rosters import api as roster_api
from cloud.rosters import enrol_api, photo_api
from cloud.scim import api as scim_api
from cloud.scim import groups_api as scim_groups_api
from cloud.signon import (
    arrival_pages,
    catalogue_pages,
    launch_pages,
    leaving,
    lti_api,
    provider_api,
    provider_pages,
    setup_pages,
    shelf_pages,
)
from cloud.signon.providers import ways_in
from cloud.support import inbox_pages as question_pages
from cloud.support import pages as help_pages
from cloud.talks import desk_pages as talk_desk_pages
from cloud.talks import pages as talk_pages
from cloud.talks import post_pages
from cloud.tokens import oauth
from cloud.tokens.errors import BearerRefused
from cloud.tokens.rates import Rates
from cloud.tokens.web import tell_bearer
from cloud.topups import kaspi_api
from esik import __version__

ROUTERS = (
    dish_pages.photos, dish_pages.router, menu_pages.router, canteen_pages.router, canteen_rule_pages.router,
    entitlement_pages.router,
    rating_pages.router, canteen_rating_pages.router,
    ways_pages.router, push_pages.router, telegram_pages.router,
    notice_pages.router, notice_api.router, told_pages.router, delivery_pages.router,
    statistics_pages.router, statistics_api.router, order_pages.router, kitchen_pages.router,
    diet_pages.router, diet_list_pages.router,
    menu_api.router, guardian_menu_pages.router, guardian_menu_api.router,
    privacy_pages.router, consent_pages.router, guardian_consent_pages.router, guardian_consent_pages.of_child,
    guardian_family_pages.router, joining_pages.router, own_data_pages.router, correction_pages.router,
    recovery_pages.router,
    factor_pages.router, session_pages.router,
    assets.router, account_pages.router, guardian_pages.router, calendar_pages.router, blocking.router,
    pass_pages.router, guard_pages.router, book_pages.router, pin_pages.router,
    guardian_money_pages.router, money_pages.books, money_pages.router, sold_pages.router,
    settling_pages.router, settling_pages.persons,
    wallet_pages.router,
    office_pages.ways, office_pages.router, person_pages.router, day_pass_pages.router, card_pages.router,
    photo_pages.router, family_pages.router, family_pages.of_one, fleet_pages.router, enrol_pages.router,
    fleet_alarms.router, fleet_alarms.of_all, audit_pages.router, audit_pages.of_all,
    anchor_pages.router, retention_pages.router, attempt_pages.router, export_pages.router, fleet_device_pages.router,
    statistics_pages_of_school.router, statistics_api_of_school.router, statistics_api_of_school.of_one,
    statistics_api_of_school.of_program,
    indicator_pages.router, indicator_pages.above_schools, indicator_api.router, indicator_api.of_one,
    resource_usage_pages.router,
    role_pages.router, class_pages.router, region_pages.router, region_report_pages.router, register_pages.router,
    morning_pages.router, transfer_pages.router, year_pages.router,
    homework_load_pages.router, homework_pages.router, homework_check_pages.router, homework_pages_of_family.router,
    grading_pages.router, journal_sheet_pages.router, journal_pages.router, journal_lesson_pages.router,
    journal_import_pages.router, timetable_import_pages.router,
    diary_pages.router,
    study_pages.router, course_pages.router, theme_pages.router, plan_pages.router, load_pages.router,
    absence_pages.router, collector_pages.router, absence_pages_of_school.router, collector_pages_of_school.router,
    trip_pages.router, collect_pages.router,
    portfolio_pages.router, portfolio_pages_of_school.router, profile_pages.router, goal_pages.router,
    advice_pages.router, exam_pages.router, fitness_pages.router, quality_pages.router,
    staff_profile_pages.router, own_profile_pages.router, certificate_pages.router,
    qti_pages.router, practice_pages_of_school.router, practice_pages.router, log_pages.router,
    bank_pages.router, assessment_pages.router, given_pages.router, sitting_pages.router,
    alert_pages.router, calendar_pages_of_school.router,
    account_pages_of_school.router, account_pages_of_school.of_one, ways_in_pages.router,
    report_pages.router, report_api.router, report_api.of_one, signed_pages.router, import_pages.router,
    office_api.router, guardian_api.router,
    provider_api.router, provider_pages.router, leaving.router, launch_pages.router, lti_api.router,
    shelf_pages.router, catalogue_pages.router, setup_pages.router, arrival_pages.router,
    roster_api.router, release_api.router, release_pages.router, enrol_api.router, photo_api.router, kaspi_api.router,
    sms_api.router,
    oauth.router,
    oneroster_api.router, oneroster_files_api.router, oneroster_gradebook_api.router,
    scim_groups_api.router, scim_api.router,  # what is nowhere else comes last
    message_pages.router, writing_pages.router,
    talk_pages.router, post_pages.router, talk_desk_pages.router, board_pages.router, posting_pages.router,
    help_pages.router, question_pages.router, question_pages.of_all, faq_pages.router, faq_pages.of_reader,
    staff_pages.router, answer_pages.router, call_pages.router, call_pages.of_lesson, guardian_call_pages.router,
    program_pages.router,
    timetable_pages.router, timetable_pages.feed, timetable_edit_pages.router, timetable_keep_pages.router,
    timetable_day_pages.router, guardian_timetable_pages.router,
    server_pages.router, maintenance_pages.router, security_pages.router, builder_pages.router,
    gates_api.router, presence_api.router, security_txt.router, app_shell.router,
)  # fmt: skip
LEADING_ON = (SignInNeeded, PasswordChangeNeeded, FactorNeeded)
DATABASE_TIMEOUT_S = 2.0
GRACE_S = 3
log = structlog.get_logger()
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Server(uvicorn.Server):
    """uvicorn without its own ideas about signals: whoever runs it stops it by cancelling."""

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def create_app(services: Services) -> FastAPI:
    """Return the application; `serve` serves it."""
    app = FastAPI(
        title="Esik", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan, redirect_slashes=False,  # it would lead to whatever host the request names
    )  # fmt: skip
    figures = Figures()
    app.state.services = services
    app.state.pages = Pages.load(Assets.load())
    app.state.shell = app_shell.Shell(app.state.pages)
    app.state.feed = Feed()
    app.state.counting = counted
    app.state.posted = first_of
    app.state.announced = Announced()
    app.state.ways_in = ways_in
    app.state.who = who_now
    app.state.figures = figures
    app.state.rates = Rates(services.clock, services.settings.api_requests_per_minute)
    routers = (*ROUTERS, ui_pages.router) if services.settings.edition is Edition.EMBEDDED else ROUTERS
    for router in routers:  # as they are: what FastAPI includes it builds a second time, at the first request
        app.router.routes.extend(router.routes)
    app.add_api_route("/health", health, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
    app.router.routes.insert(0, Signposts(app.router.routes))
    telling.register(app)
    app.add_exception_handler(BearerRefused, tell_bearer)
    for refusal in LEADING_ON:
        app.add_exception_handler(refusal, _lead_on)
    app.add_middleware(Packing)
    app.add_middleware(Guarding, clock=services.clock, figures=figures, is_secure=services.settings.cookies_secure)
    return app


async def serve(app: FastAPI, started: asyncio.Event | None = None) -> None:
    """Serve an application at the address of its settings until cancelled; live pages are told to ask anew.

    Raises PortTaken. Sets `started` when requests can come.
    """
    settings: Settings = app.state.services.settings
    with listen(settings.http_host, settings.http_port, "http_port") as listening:
        server = _Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, proxy_headers=True,
                forwarded_allow_ips=settings.proxies, timeout_graceful_shutdown=GRACE_S,
            )
        )  # fmt: skip
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="web")
        log.info("web.listening", host=settings.http_host, port=listening.getsockname()[1])
        if started is not None:
            started.set()  # the socket listens: what comes before uvicorn is up waits there
        try:
            await asyncio.shield(serving)
        finally:
            app.state.feed.close()
            server.should_exit = True
            await serving


async def health(request: Request) -> Response:
    """Say whether pages can be served: 200, or 503 when the database does not answer; and that somebody works on it."""
    services: Services = request.app.state.services
    window, now = await request.app.state.announced.said(services), services.clock.now()
    told = {"maintenance_until": window.ends_at.isoformat()} if window and window.is_running(now) else {}
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await services.database.pool.fetchval("SELECT 1")
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return JSONResponse({"status": "the database does not answer", **told}, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"status": "ok", "version": __version__, **told})


async def metrics(request: Request) -> Response:
    """Return the figures of this process for Prometheus."""
    figures: Figures = request.app.state.figures
    figures.streams.set(request.app.state.feed.open_streams)
    return PlainTextResponse(generate_latest(figures.registry), media_type=METRICS_TYPE)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    feed: Feed = app.state.feed
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(feed.run(app.state.services), name="live pages")
        name = f"web-{secrets.token_hex(4)}"
        beating = tasks.create_task(keep_beating(app.state.services, name, "web"), name="beating")
        yield
        feed.close()
        running.cancel()
        beating.cancel()


async def _lead_on(request: Request, refused: Exception) -> Response:
    """Send a reader to the sign-in or to the password; tell a program or a stream."""
    assert isinstance(refused, LEADING_ON)  # noqa: S101 (registered for these only)
    if wants_page(request) and request.method == "GET" and (path := way_out(refused, request.url.path)):
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)
    return await tell_refused(request, refused)
