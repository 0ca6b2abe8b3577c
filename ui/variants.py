"""Evaluation, variants: ways of answering made, copied, set against each other and put in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import gradio as gr

from core.answering.prompt import PROMPTS
from core.deeds import Deed
from core.errors import PinciteError
from core.evaluation.variants import VARIANTS, differences, in_force
from core.trials import NamedVariant, Promotion
from core.types import AnswerKind, Role, Variant
from ui.composer import draw_options
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.options import MOST_PASSAGES, STYLES
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.wording import setting_value, variant_label

MODES = ("hybrid", "dense", "lexical")
HOTTEST = 2.0
"""The highest temperature of sampling."""
SHOWN = ("style", "mode", "rerank", "top_k", "model", "prompt", "temperature", "top_p")
"""The settings in the order in which they are read."""


@dataclass(frozen=True)
class Offer:
    """The variants of a matter: those that may be chosen, its own, and what was put in force."""

    own: tuple[NamedVariant, ...]
    promotions: tuple[Promotion, ...]
    people: Mapping[str, str]

    @property
    def all(self) -> tuple[Variant, ...]:
        """Every variant that was made or is built in, retired ones too."""
        return (*VARIANTS, *(each.variant for each in self.own))

    @property
    def standing(self) -> Variant:
        """The variant in force."""
        return in_force(self.promotions)

    def named(self, name: str) -> Variant:
        """The variant of that name; raises ``PinciteError``."""
        found = next((each for each in self.all if each.name == name), None)
        if found is None:
            raise PinciteError("This variant is not in the matter.", "Reload the page.")
        return found


def variants_view(page: Page) -> Tab:
    """Build the view."""
    database = page.services.database
    with gr.Column(elem_id="view-variants", elem_classes=["view"]):
        table = gr.HTML(elem_id="variants", apply_default_css=False)
        contrast = gr.HTML(elem_id="variant-contrast", apply_default_css=False)
        form = gr.HTML(elem_id="variant-form", apply_default_css=False)

    async def draw(desk: Desk) -> Updates:
        if not desk.matter_id:
            return {table: render_nothing(desk.texts), contrast: "", form: ""}
        offer = await offered(page, desk)
        return {
            table: render_variants(offer, desk),
            contrast: render_contrast(offer, desk),
            form: render_form(offer, page.services.models(), desk),
        }

    async def make_variant(desk: Desk, fired: gr.EventData) -> Updates:
        made = variant_sent(fired, page.services.models())
        if made.name in {each.name for each in VARIANTS}:
            raise PinciteError(
                f"A variant named “{made.name}” exists already.", "Choose another name."
            )
        named = await database.create_variant(desk.matter_id, made, desk.person)
        await page.record(desk, Deed.VARIANT_MADE, named.id)
        desk = replace(desk, copied_variant="")
        return {page.desk: desk} | await draw(desk)

    async def copy_variant(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, copied_variant=value_of(fired, "name", str))
        (await offered(page, desk)).named(desk.copied_variant)
        return {page.desk: desk} | await draw(desk)

    async def retire_variant(desk: Desk, fired: gr.EventData) -> Updates:
        variant_id = value_of(fired, "id", str)
        retired = value_of(fired, "retired", bool, True)
        await database.retire_variant(desk.matter_id, variant_id, retired)
        await page.record(desk, Deed.VARIANT_RETIRED, variant_id)
        return await draw(desk)

    async def contrast_variants(desk: Desk, fired: gr.EventData) -> Updates:
        pair = (value_of(fired, "first", str), value_of(fired, "second", str))
        desk = replace(desk, contrasted=pair)
        if not desk.matter_id:
            return {page.desk: desk}
        return {page.desk: desk, contrast: render_contrast(await offered(page, desk), desk)}

    async def enforce_variant(desk: Desk, fired: gr.EventData) -> Updates:
        variant = (await offered(page, desk)).named(value_of(fired, "name", str))
        reason = value_of(fired, "text", str, "")
        page.services.answerer.require(variant)
        made = await database.promote(
            desk.matter_id, variant, desk.person, passed=False, reason=reason
        )
        await page.record(desk, Deed.VARIANT_PROMOTED, made.id)
        return await draw(desk) | await draw_options(page, desk)

    regions = [table, contrast, form]
    page.on("make_variant", make_variant, [page.desk, *regions])
    page.on("copy_variant", copy_variant, [page.desk, *regions])
    page.on("retire_variant", retire_variant, regions)
    page.on("contrast_variants", contrast_variants, [page.desk, contrast])
    page.on("enforce_variant", enforce_variant, [*regions, page.options, page.in_force])
    return Tab(tuple(regions), draw)


async def offered(page: Page, desk: Desk) -> Offer:
    """The variants of the desk's matter."""
    database = page.services.database
    people = {each.id: each.name for each in await database.people()}
    return Offer(
        await database.variants(desk.matter_id), await database.promotions(desk.matter_id), people
    )


def variant_sent(fired: gr.EventData, models: Sequence[str]) -> Variant:
    """The variant that a form describes; raises ``PinciteError`` for what cannot be one."""
    try:
        sent = Variant(
            name=" ".join(value_of(fired, "name", str).split()),
            style=AnswerKind(value_of(fired, "style", str)),
            mode=value_of(fired, "mode", str),
            rerank=bool(value_of(fired, "rerank", str, "")),
            top_k=int(value_of(fired, "top_k", str) or 0),
            temperature=float(value_of(fired, "temperature", str) or 0),
            top_p=float(value_of(fired, "top_p", str) or 1),
            model=value_of(fired, "model", str, ""),
            prompt=value_of(fired, "prompt", str, "standard"),
        )
    except ValueError as error:
        raise PinciteError("The settings of this variant cannot be read.", "Check them.") from error
    fits = (
        sent.style in STYLES
        and sent.mode in MODES
        and 0 <= sent.top_k <= MOST_PASSAGES
        and 0 <= sent.temperature <= HOTTEST
        and 0 < sent.top_p <= 1
        and sent.model in ("", *models)
        and sent.prompt in PROMPTS
    )
    if not fits:
        raise PinciteError("The settings of this variant cannot be read.", "Check them.")
    return sent


def render_nothing(texts: Texts) -> Html:
    """What stands where no matter is open."""
    return element("p", text(texts("matter.none")), class_="empty")


def render_variants(offer: Offer, desk: Desk) -> Html:
    """Every variant with its settings; the one in force is marked, and its history below."""
    texts, standing = desk.texts, offer.standing
    own = {each.variant.name: each for each in offer.own}
    head = element(
        "tr",
        element("th", text(texts("variants.name")), scope="col"),
        *(element("th", text(texts(f"setting.{each}")), scope="col") for each in SHOWN),
        element("th", element("span", text(texts("documents.actions")), class_="unseen")),
    )
    rows = [_row(each, own.get(each.name), each.name == standing.name, desk) for each in offer.all]
    return element(
        "section",
        element("h1", text(texts("view.variants"))),
        element("p", text(texts("variants.lead")), class_="lead"),
        element(
            "div",
            element("table", element("thead", head), element("tbody", *rows)),
            class_="grid variants",
        ),
        _history(offer, texts),
        data_testid="variants",
    )


def _row(variant: Variant, named: NamedVariant | None, stands: bool, desk: Desk) -> Html:
    texts, retired = desk.texts, named is not None and named.is_retired
    marks = [
        element("span", icon("check"), text(texts("variants.in_force")), class_="badge ready")
        if stands
        else Html(""),
        element("span", text(texts("variants.retired")), class_="badge") if retired else Html(""),
        element("small", text(texts("variants.built_in"))) if named is None else Html(""),
    ]
    cells = [
        element(
            "td",
            text(setting_value(key, getattr(variant, key), texts)),
            data_label=texts(f"setting.{key}"),
        )
        for key in SHOWN
    ]
    return element(
        "tr",
        element(
            "th",
            element("span", text(variant_label(variant, texts)), dir="auto"),
            *marks,
            scope="row",
        ),
        *cells,
        element("td", *_tools(variant, named, stands, desk), class_="actions"),
        class_="retired" if retired else None,
        data_testid="variant-row",
        data_name=variant.name,
    )


def _tools(variant: Variant, named: NamedVariant | None, stands: bool, desk: Desk) -> list[Html]:
    texts, role = desk.texts, desk.role or Role.READER
    label, retired = variant_label(variant, texts), named is not None and named.is_retired

    def tool(event: str, symbol: str, key: str, **more: object) -> Html:
        words = texts(f"variants.{key}")
        return action(
            event,
            icon(symbol),
            class_="tool",
            aria_label=f"{words}: {label}",
            title=words,
            data_testid=f"{key}-variant",
            **more,  # type: ignore[arg-type]
        )

    tools = []
    if role.allows(Role.OWNER) and not stands and not retired:
        prompt = texts("variants.enforce_why", name=label)
        value: dict[str, object] = {"name": variant.name}
        tools.append(tool("enforce_variant", "check", "enforce", value=value, data_prompt=prompt))
    if role.allows(Role.EDITOR):
        tools.append(tool("copy_variant", "copy", "copy", value={"name": variant.name}))
        if named is not None and (retired or not stands):
            kept: dict[str, object] = {"id": named.id, "retired": not retired}
            symbol, key = ("redo", "restore") if retired else ("close", "retire")
            tools.append(tool("retire_variant", symbol, key, value=kept))
    return tools


def _history(offer: Offer, texts: Texts) -> Html:
    if not offer.promotions:
        return element("p", text(texts("variants.never_promoted")), class_="aside")
    rows = [
        element(
            "li",
            element("strong", text(variant_label(each.variant, texts)), dir="auto"),
            element(
                "span",
                text(
                    texts.list_of_words(
                        texts.date(each.at),
                        offer.people.get(each.person_id, ""),
                        texts("variants.passed") if each.passed else texts("variants.not_passed"),
                    )
                ),
                class_="aside",
            ),
            element("span", text(each.reason), dir="auto") if each.reason else Html(""),
        )
        for each in offer.promotions
    ]
    return element(
        "section",
        element("h2", text(texts("variants.history"))),
        element("ol", *rows),
        class_="promotions",
        data_testid="promotions",
    )


def render_contrast(offer: Offer, desk: Desk) -> Html:
    """Two variants as a table of what differs."""
    texts, names = desk.texts, [each.name for each in offer.all]
    first, second = desk.contrasted
    first = first if first in names else names[0]
    second = second if second in names else names[1]
    pickers = [
        _select(
            name,
            texts(f"variants.{name}"),
            [(each.name, variant_label(each, texts)) for each in offer.all],
            chosen,
        )
        for name, chosen in (("first", first), ("second", second))
    ]
    pair = offer.named(first), offer.named(second)
    differ = differences(*pair)
    rows = [
        element(
            "tr",
            element("th", text(texts(f"setting.{key}")), scope="row"),
            *(element("td", text(setting_value(key, value, texts))) for value in differ[key]),
        )
        for key in SHOWN
        if key in differ
    ]
    heads = [element("th", text(variant_label(each, texts)), scope="col") for each in pair]
    shown = (
        element(
            "table",
            element("thead", element("tr", element("td"), *heads)),
            element("tbody", *rows),
            data_testid="contrast",
        )
        if rows
        else element("p", text(texts("variants.same")), class_="aside")
    )
    button = element("button", text(texts("variants.contrast")), class_="button quiet")
    return element(
        "section",
        element("h2", text(texts("variants.contrast_heading"))),
        element(
            "form", *pickers, button, class_="row", data_event="contrast_variants", data_keep=True
        ),
        element("div", shown, class_="grid"),
        class_="contrast",
    )


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> Html:
    drawn = [
        element("option", text(words), value=value, selected=value == chosen)
        for value, words in options
    ]
    chooser = element("select", *drawn, name=name, data_testid=f"choose-{name}")
    return element("label", element("span", text(label)), chooser, class_="picker")


def _number(name: str, label: str, value: object, most: object, step: str) -> Html:
    field = Html(
        f'<input type="number" name="{name}" min="0" max="{text(most)}" step="{step}"'
        f' value="{text(value)}" data-testid="choose-{name}">'
    )
    return element("label", element("span", text(label)), field, class_="picker")


def render_form(offer: Offer, models: Sequence[str], desk: Desk) -> Html:
    """A new variant, beginning from the one that is copied or else from the one in force."""
    texts = desk.texts
    if not (desk.role or Role.READER).allows(Role.EDITOR):
        return Html("")
    known = {each.name for each in offer.all}
    copied = desk.copied_variant if desk.copied_variant in known else ""
    base = offer.named(copied) if copied else offer.standing
    name = texts("variants.copy_of", name=variant_label(base, texts)) if copied else ""

    def words(key: str, values: Sequence[str]) -> list[tuple[str, str]]:
        return [(each, setting_value(key, each, texts)) for each in values]

    ticked = " checked" if base.rerank else ""
    fields = [
        element(
            "label",
            element("span", text(texts("variants.name"))),
            Html(
                f'<input type="text" name="name" required maxlength="60" autocomplete="off"'
                f' value="{text(name)}" data-testid="variant-name">'
            ),
            class_="picker wide",
        ),
        _select("style", texts("setting.style"), words("style", STYLES), base.style),
        _select("mode", texts("setting.mode"), words("mode", MODES), base.mode),
        _number("top_k", texts("variants.top_k"), base.top_k, MOST_PASSAGES, "1"),
        _select("model", texts("setting.model"), words("model", ("", *models)), base.model),
        _select("prompt", texts("setting.prompt"), words("prompt", tuple(PROMPTS)), base.prompt),
        _number("temperature", texts("setting.temperature"), base.temperature, HOTTEST, "0.05"),
        _number("top_p", texts("setting.top_p"), base.top_p, 1, "0.05"),
        element(
            "label",
            Html(f'<input type="checkbox" name="rerank" value="on"{ticked}>'),
            element("span", text(texts("setting.rerank"))),
            class_="blind",
        ),
    ]
    make = element(
        "button", text(texts("variants.make")), class_="button", data_testid="make-variant"
    )
    return element(
        "form",
        element("h2", text(texts("variants.new"))),
        element("div", *fields, class_="fields"),
        make,
        class_="maker",
        data_event="make_variant",
        data_keep=True,
        data_drawn=f"{copied} {len(offer.own)} {base.name}",
        data_testid="variant-form",
    )
