"""The header: the product's name, the tabs, the matter, the models' state, language and theme."""

from collections.abc import Sequence
from uuid import uuid4

from core.types import LOCAL, Matter, ModelStatus, Role
from ui.locale import LANGUAGES, Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

TABS = ("chat", "documents", "evaluation")

MARK = Html(
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">'
    '<rect width="32" height="32" rx="7" class="ground"/>'
    '<path class="bracket" d="M11.5 8H8v16h3.5M20.5 8H24v16h-3.5"/>'
    '<path class="pin" d="M16 11.2a3.4 3.4 0 0 0-3.4 3.4c0 2.5 3.4 6.2 3.4 6.2s3.4'
    '-3.7 3.4-6.2A3.4 3.4 0 0 0 16 11.2z"/></svg>'
)


def render_masthead(desk: Desk, matters: Sequence[Matter]) -> Html:
    """The product, the matter and the tabs at the left; language and theme at the right."""
    texts = desk.texts
    brand = element("span", MARK, element("span", text("Pincite")), class_="brand")
    rail = element(
        "button",
        icon("menu"),
        type="button",
        class_="tool rail-toggle",
        data_do="rail",
        data_testid="rail-toggle",
        aria_label=texts("chat.conversations"),
        title=texts("chat.conversations"),
    )
    return element(
        "div",
        rail,
        brand,
        _matters(desk, matters),
        _tabs(texts),
        element("span", class_="space"),
        _languages(texts),
        element(
            "button",
            icon("moon"),
            icon("sun"),
            type="button",
            class_="tool theme",
            data_do="theme",
            data_testid="theme",
            aria_label=texts("header.theme"),
            title=texts("header.theme"),
        ),
        _person(desk),
        class_="masthead",
        data_language=desk.language,
        data_matter=desk.matter_id,
        data_drawn=uuid4().hex,  # tells the browser that the page was drawn anew
        data_role=desk.role or "",
        data_dialog_ok=texts("dialog.ok"),
        data_dialog_cancel=texts("dialog.cancel"),
    )


def _tabs(texts: Texts) -> Html:
    tabs = [
        element(
            "button",
            text(texts(f"tab.{name}")),
            type="button",
            role="tab",
            id=f"tab-{name}",
            aria_controls=name,
            data_tab=name,
            data_testid=f"tab-{name}",
        )
        for name in TABS
    ]
    return element("div", *tabs, role="tablist", class_="tabs", aria_label=texts("header.tabs"))


def _matters(desk: Desk, matters: Sequence[Matter]) -> Html:
    texts = desk.texts
    current = next((matter for matter in matters if matter.id == desk.matter_id), None)
    rows = [
        action(
            "open_matter",
            icon("check") if matter.id == desk.matter_id else Html("<i></i>"),
            element("span", text(matter.name), class_="name"),
            element("span", text(texts("matter.sample")), class_="tag")
            if matter.is_sample
            else Html(""),
            value={"id": matter.id},
            aria_current="true" if matter.id == desk.matter_id else None,
            data_testid="matter",
        )
        for matter in matters
    ]
    tools = _matter_tools(desk, current)
    summary = element(
        "summary",
        element("span", text(texts("matter.label")), class_="unseen"),
        element("span", text(current.name if current else texts("matter.choose")), class_="name"),
        icon("chevron"),
        data_testid="matter-menu",
    )
    menu = element("div", *rows, element("hr"), *tools, class_="popover")
    return element("details", summary, menu, class_="menu matters")


def _matter_tools(desk: Desk, current: Matter | None) -> list[Html]:
    """What may be done with matters: what the person's role does not permit is not offered."""
    texts = desk.texts
    new = action(
        "create_matter",
        icon("plus"),
        element("span", text(texts("matter.new"))),
        data_prompt=texts("matter.name"),
        data_testid="new-matter",
    )
    every = _link("/matters", "document", texts("matter.all"), data_testid="all-matters")
    if current is None:
        return [new, every]
    value: dict[str, object] = {"id": current.id}
    settings = _link(
        f"/matters/{current.id}", "sliders", texts("matter.settings"), data_testid="matter-settings"
    )
    rename = action(
        "rename_matter",
        icon("pen"),
        element("span", text(texts("matter.rename"))),
        value=value,
        data_prompt=texts("matter.name"),
        data_initial=current.name,
        data_testid="rename-matter",
    )
    delete = action(
        "delete_matter",
        icon("trash"),
        element("span", text(texts("matter.delete"))),
        value=value,
        class_="danger",
        data_confirm=texts("matter.confirm_delete", name=current.name),
        data_testid="delete-matter",
    )
    if desk.role is not Role.OWNER:
        return [new, settings, every]
    return [new, rename, settings, every, *([] if current.on_hold else [delete])]


def _link(path: str, symbol: str, label: str, **values: object) -> Html:
    return element("a", icon(symbol), element("span", text(label)), href=path, **values)


def _person(desk: Desk) -> Html:
    """Who is logged in, the pages that are theirs, and the way out."""
    texts, person = desk.texts, desk.person
    name = person.name or texts("person.local")
    links = [_link("/account", "pen", texts("leaf.account"))] if person != LOCAL else []
    if person.is_admin:
        links.append(_link("/people", "person", texts("leaf.people"), data_testid="people"))
        links.append(_link("/audit", "check", texts("leaf.audit"), data_testid="audit"))
    leave = [
        element(
            "form",
            element("button", icon("right"), element("span", text(texts(f"person.{key}")))),
            method="post",
            action=path,
            data_testid=key.replace("_", "-"),
        )
        for key, path in (("logout", "/logout"), ("logout_everywhere", "/logout/everywhere"))
        if person != LOCAL
    ]
    summary = element(
        "summary",
        icon("person"),
        element("span", text(texts("person.label")), class_="unseen"),
        element("span", text(name), class_="name"),
        data_testid="person-menu",
        title=name,
    )
    rule = [element("hr")] if leave else []
    menu = element("div", *links, *rule, *leave, class_="popover")
    return element("details", summary, menu, class_="menu person")


def _languages(texts: Texts) -> Html:
    other = next(language for language in LANGUAGES if language != texts.language)
    return action(
        "set_language",
        text(LANGUAGES[other]),
        value={"language": other},
        class_="language",
        lang=other,
        data_testid="language",
        title=texts("header.language"),
    )


def render_status(profile: str, models: Sequence[ModelStatus], texts: Texts) -> Html:
    """One word on the models, with a line for each of them on demand."""
    states = {model.state for model in models}
    worst = next((s for s in ("failed", "loading", "cold") if s in states), "ready")
    rows = [
        element(
            "tr",
            element("th", text(texts.known("model", model.job)), scope="row"),
            element(
                "td",
                element("span", text(model.model)),
                element("small", text(_facts(model, texts))),
            ),
            element(
                "td",
                element(
                    "span",
                    text(texts.known("model_state", model.state)),
                    class_=f"light {model.state}",
                ),
            ),
            data_testid=f"model-{model.job}",
            data_state=model.state,
        )
        for model in models
    ]
    summary = element(
        "summary",
        element("span", text(texts(f"status.{worst}")), class_=f"light {worst}"),
        element("span", text(texts.known("profile", profile)), class_="profile"),
        data_testid="status",
        data_state=worst,
    )
    table = element("table", element("tbody", *rows))
    lead = element(
        "p", text(texts("status.remote" if profile == "remote" else "status.local")), class_="lead"
    )
    return element(
        "details", summary, element("div", lead, table, class_="popover"), class_="menu status"
    )


def _facts(model: ModelStatus, texts: Texts) -> str:
    memory = model.memory_gib
    return texts.list_of_words(
        model.device,
        texts("status.memory", memory=f"{memory:.1f}") if memory is not None else "",
        model.detail,
    )
