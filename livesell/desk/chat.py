"""What a comment does by itself: claims, changes and cancels of a draft, and the doubt that goes to a person."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from livesell import commands as c
from livesell import events as e
from livesell.commands import Heard
from livesell.desk import goods, links
from livesell.desk.turn import Asker, Turn, amount
from livesell.errors import NotFound, Refused
from livesell.ledger import LineState, OrderState
from livesell.model import ONE, Claim, Code, CommentId, Product, Quantity, Reading


def hear(turn: Turn, command: c.Hear) -> None:
    """A comment has come in."""
    heard = command.heard
    reading = heard.reading
    turn.book.remember(heard)
    turn.emit(
        e.Commented(
            at=turn.now,
            show=command.show,
            comment=heard.id,
            buyer=heard.buyer,
            identity=heard.identity,
            intent=reading.intent if reading is not None else None,
            late=heard.late,
        )
    )
    if heard.comment.role == "seller":
        if heard.offer is not None and not heard.late:
            goods.announced(turn, heard.offer)
        return
    links.by_phone(turn, heard)
    if reading is not None and let_pass(turn, heard, reading):
        return
    if reading is None or reading.intent in ("question", "other"):
        return
    if heard.by_tap:
        turn.unclear(heard.id, "late", named(reading))
    elif heard.comment.edited:
        turn.unclear(heard.id, "edited", named(reading))
    elif heard.anonymous:
        turn.unclear(heard.id, "anonymous", named(reading))
    elif reading.confidence < turn.rules.doubtful_below:
        turn.unclear(heard.id, "doubtful", named(reading))
    else:
        act(turn, heard, reading, forced=False)


def let_pass(turn: Turn, heard: Heard, reading: Reading, *, forced: bool = False) -> bool:
    """Who says "pass" gives her place to the next; False where she has no place to give, or said more than that."""
    if not reading.passes or reading.intent not in ("other", "order") or heard.anonymous or heard.by_tap:
        return False
    buyer = turn.book.buyer_of(heard.identity)
    order = turn.open_order(buyer)
    codes = set(named(reading))
    waiting = [
        line
        for line in (mine(turn, order) if order is not None else ())
        if (line.waitlisted or line.promoted) and (not codes or line.product in codes)
    ]
    if order is None or not waiting:
        return False
    if turn.rules.cancel == "ask" and not forced:
        turn.unclear(heard.id, "cancel", tuple(dict.fromkeys(line.product for line in waiting)))
        return True
    for line in waiting:
        turn.give_way(line.id, heard.id)
    turn.cancel_empty(order.id, heard.id)
    return True


def act(turn: Turn, heard: Heard, reading: Reading, *, forced: bool) -> None:
    """Do what a reading asks for; `forced` after a person agreed to it."""
    asker = Asker(heard.identity, turn.book.buyer_of(heard.identity), heard.queue_at, heard.id)
    if let_pass(turn, heard, reading, forced=forced):
        return
    if reading.intent == "order":
        claim_all(turn, asker, heard, reading)
    elif reading.intent == "cancel":
        cancel(turn, asker, heard, reading, forced=forced)
    else:
        change(turn, asker, heard, reading, forced=forced)


def named(reading: Reading) -> tuple[Code, ...]:
    """The products that a reading speaks of, without repeats."""
    return tuple(dict.fromkeys((*(claim.code for claim in reading.claims), *reading.candidates)))


# --- claims ---------------------------------------------------------------------------------------------------------


def claim_all(turn: Turn, asker: Asker, heard: Heard, reading: Reading) -> None:
    """Draft what is claimed and known; ask about the rest."""
    doubt: tuple[str, tuple[Code, ...]] | None = None
    for claim in reading.claims:
        product = turn.book.product(claim.code)
        if product is None or not product.open:
            doubt = doubt or ("closed_product", (claim.code,))
        elif claim.quantity is None or claim.quantity <= 0:
            doubt = doubt or ("quantity", (claim.code,))
        else:
            take(turn, asker, claim, product, adds=reading.adds, pinned_before=before_pin(turn, reading))
    if reading.unknown:
        doubt = doubt or ("unknown", reading.candidates)
    elif reading.candidates:
        doubt = doubt or ("which", reading.candidates)
    elif not reading.claims:
        pinned = (turn.show.pinned, turn.show.pinned_before)
        doubt = ("no_product", tuple(code for code in pinned if code))
    if doubt is not None:
        turn.unclear(heard.id, *doubt)
    if turn.rules.confirm == "sure" and doubt is None and reading.confidence >= turn.rules.sure_at:
        order = turn.open_order(asker.buyer)
        if order is not None and all(line.settled and line.pinned_before is None for line in mine(turn, order)):
            turn.confirm_held(order, sure=True)


def before_pin(turn: Turn, reading: Reading) -> Code | None:
    """The product that was on show just before, for a claim that names none soon after the change."""
    show = turn.show
    if show.pinned_at is None or not any(why.code == "pinned" for why in reading.why):
        return None
    soon = (turn.now - show.pinned_at).total_seconds() < turn.rules.pin_delay
    return show.pinned_before if soon else None


def take(
    turn: Turn, asker: Asker, claim: Claim, product: Product, *, adds: bool = False, pinned_before: Code | None = None
) -> None:
    """One claim: a new line, more or less of one that is there, or the choice that one was missing."""
    wanted = claim.quantity if claim.quantity is not None else ONE
    order = turn.open_order(asker.buyer)
    there = [line for line in mine(turn, order) if line.product == product.code] if order else []
    if not adds:
        for line in there:
            if not line.settled and line.options != claim.options and within(line.options, claim.options):
                turn.edit(
                    line.id, wanted if claim.said else line.quantity, {**line.options, **claim.options}, asker=asker
                )
                return
    same = [line for line in there if line.options == claim.options]
    if not same and not adds and len(there) == 1 and within(claim.options, there[0].options):
        same = there
    if not same:
        turn.draft(asker, product, dict(claim.options), wanted, pinned_before)
    elif adds or turn.rules.repeat == "add":
        more(turn, asker, product, same, wanted)
    elif claim.said:
        retake(turn, asker, product, same, wanted)


def more(turn: Turn, asker: Asker, product: Product, same: list[LineState], extra: Quantity) -> None:
    """Some more of what a buyer has; what has to wait stands where this comment stands, not where her first did."""
    last = same[-1]
    if last.waitlisted:
        turn.draft(asker, product, last.options, extra)
    else:
        turn.edit(last.id, Quantity(last.quantity + extra), last.options, asker=asker)


def retake(turn: Turn, asker: Asker, product: Product, same: list[LineState], wanted: Quantity) -> None:
    """The same product with another number: that number holds, taken from the newest line first."""
    surplus = sum(line.quantity for line in same) - wanted
    if surplus < 0:
        more(turn, asker, product, same, Quantity(-surplus))
    for line in reversed(same):
        if surplus <= 0:
            return
        if line.quantity <= surplus:
            surplus -= line.quantity
            turn.cancel_line(line.id, asker.comment, "edited")
        else:
            turn.edit(line.id, Quantity(line.quantity - surplus), line.options, asker=asker)
            return


def mine(turn: Turn, order: OrderState) -> list[LineState]:
    """The lines of an order, oldest first."""
    return turn.book.lines_of(order.id)


def within(part: Mapping[str, str], whole: Mapping[str, str]) -> bool:
    """True where every option of `part` has the same value in `whole`."""
    return all(whole.get(name) == value for name, value in part.items())


# --- cancels and changes --------------------------------------------------------------------------------------------


def needs_person(turn: Turn, asker: Asker, heard: Heard, reading: Reading, *, forced: bool) -> OrderState | None:
    """The order that a cancel or change is about; asks a person and gives None where it may not go by itself."""
    orders = [order for order in turn.book.orders_of(turn.show_id, asker.buyer) if order.status != "cancelled"]
    if not orders:
        turn.unclear(heard.id, f"nothing_to_{reading.intent}", named(reading))
        return None
    order = turn.open_order(asker.buyer) or orders[-1]
    by_itself = order.status == "draft" and turn.rules.cancel == "do"
    if not by_itself and not (forced and order.status not in ("shipped", "returned")):
        turn.unclear(heard.id, reading.intent, named(reading))
        return None
    return order


def cancel(turn: Turn, asker: Asker, heard: Heard, reading: Reading, *, forced: bool) -> None:
    """Withdraw what is named, or everything."""
    order = needs_person(turn, asker, heard, reading, forced=forced)
    if order is None:
        return
    lines = mine(turn, order)
    if not reading.claims and (reading.unknown or reading.candidates):
        turn.unclear(heard.id, "which", reading.candidates)
        return
    done = False
    for claim in reading.claims or [None]:
        for line in lines:
            if claim is not None and not (line.product == claim.code and within(claim.options, line.options)):
                continue
            done = True
            if claim is not None and claim.quantity is not None and claim.quantity < line.quantity:
                turn.edit(line.id, Quantity(line.quantity - claim.quantity), line.options, asker=asker)
            else:
                turn.cancel_line(line.id, heard.id)
    if not done:
        turn.unclear(heard.id, "nothing_to_cancel", named(reading))
    turn.cancel_empty(order.id, heard.id)


def change(turn: Turn, asker: Asker, heard: Heard, reading: Reading, *, forced: bool) -> None:
    """Put what is claimed in place of what is given up: what is named, else the one line of that product."""
    order = needs_person(turn, asker, heard, reading, forced=forced)
    if order is None:
        return
    lines = mine(turn, order)
    given_up: list[LineState] = []
    if reading.replaces:
        for claim in reading.replaces:
            found = [
                line
                for line in lines
                if line.product == claim.code and within(claim.options, line.options) and line not in given_up
            ]
            if not found:
                turn.unclear(heard.id, "nothing_to_change", named(reading))
                return
            given_up.extend(found)
    else:
        for claim in reading.claims:
            found = [line for line in lines if line.product == claim.code]
            if len(found) != 1:
                turn.unclear(heard.id, "nothing_to_change" if not found else "change", named(reading))
                return
            given_up.append(found[0])
    products = [turn.book.product(claim.code) for claim in reading.claims]
    if not products or any(product is None or not product.open for product in products):
        turn.unclear(heard.id, "change", named(reading))
        return
    put_in_place(turn, asker, reading, given_up)
    turn.cancel_empty(order.id, heard.id)


def put_in_place(turn: Turn, asker: Asker, reading: Reading, given_up: list[LineState]) -> None:
    """The claims of a change take over the lines given up, one by one; more claims are new lines, fewer cancel."""
    left = list(given_up)
    for claim in reading.claims:
        product = turn.product(claim.code)
        line = next((one for one in left if one.product == claim.code), left[0] if left else None)
        if line is None:
            take(turn, asker, claim, product)
            continue
        left.remove(line)
        quantity = claim.quantity if claim.said and claim.quantity else line.quantity
        options = {**line.options, **claim.options} if product.code == line.product else dict(claim.options)
        turn.edit(line.id, quantity, options, product=product, asker=asker)
    for line in left:
        turn.cancel_line(line.id, asker.comment)


# --- a person's word on a comment -----------------------------------------------------------------------------------


def read_as(turn: Turn, command: c.ReadAs) -> None:
    """A person says what a comment asks for; what it was read as before gives way."""
    heard = comment(turn, command.comment)
    if not command.lines:
        raise Refused("no_lines", "say at least one product, or dismiss the comment")
    wanted = []
    for line in command.lines:
        product = turn.product(line.code)
        options = choices(product, line.options)
        quantity = amount(line.quantity, product)
        if quantity == 0:
            raise Refused("quantity", f"{product.code}: 0 is no order")
        wanted.append((product, options, quantity))
    asker = Asker(heard.identity, turn.book.buyer_of(heard.identity), heard.queue_at, heard.id)
    order = turn.open_order(asker.buyer)
    for old in mine(turn, order) if order is not None else ():
        if old.comments == (heard.id,):
            turn.cancel_line(old.id, heard.id, "edited")
    turn.close_unclear(heard.id, "read")
    for product, options, quantity in wanted:
        take(turn, asker, Claim(product.code, options, quantity, said=True), product)
    if order is not None:
        turn.cancel_empty(order.id)


def read_again(turn: Turn, command: c.ReadAgain) -> None:
    """What a comment asks of goods that have come on sale; what else it asks for was dealt with before."""
    heard, reading = command.heard, command.heard.reading
    if reading is None or reading.intent != "order":
        return
    buyer = turn.book.buyer_of(heard.identity)
    lines = [line for order in turn.book.orders_of(turn.show_id, buyer) for line in mine(turn, order)]
    done = {line.product for line in lines if heard.id in line.comments}
    claims = tuple(claim for claim in reading.claims if claim.code in command.codes and claim.code not in done)
    if not claims or reading.confidence < turn.rules.doubtful_below:
        return
    turn.book.remember(heard)
    rest = {claim.code for claim in reading.claims} - set(command.codes)
    if not (reading.unknown or any(closed(turn, code) for code in rest)):
        turn.close_unclear(heard.id, "opened")
    act(turn, heard, replace(reading, claims=claims, unknown=(), candidates=()), forced=False)


def closed(turn: Turn, code: Code) -> bool:
    """Whether a product is not on sale."""
    product = turn.book.product(code)
    return product is None or not product.open


def dismiss(turn: Turn, command: c.Dismiss) -> None:
    """An Unclear that asks for nothing."""
    comment(turn, command.comment)
    if not turn.close_unclear(command.comment, "dismissed"):
        raise Refused("not_unclear", f"comment {command.comment} needs nobody any more")


def agree(turn: Turn, command: c.Agree) -> None:
    """Do what a comment asks for, where the rules wanted a person's word."""
    heard = comment(turn, command.comment)
    if heard.reading is None or not turn.close_unclear(heard.id, "agreed"):
        raise Refused("not_unclear", f"comment {command.comment} needs nobody any more")
    before = len(turn.events)
    act(turn, heard, heard.reading, forced=True)
    if not any(not isinstance(event, e.Unclear) for event in turn.events[before:]):
        raise Refused("nothing_to_do", "nothing of what it asks for is there any more")


def deleted(turn: Turn, command: c.Delete) -> None:
    """The platform took comments away: their lines are flagged, never cancelled."""
    for number in command.comments:
        turn.emit(e.Flagged(at=turn.now, show=command.show, comment=number))


def comment(turn: Turn, number: int) -> Heard:
    """A comment of this show."""
    heard = turn.book.heard(CommentId(number))
    if heard is None:
        raise NotFound("comment", number)
    return heard


def choices(product: Product, options: Mapping[str, str]) -> dict[str, str]:
    """Options as the product spells them; Refused names the values there are."""
    found: dict[str, str] = {}
    known = {option.name: option for option in product.options}
    for name, value in options.items():
        option = known.get(name)
        if option is None:
            raise Refused("option", f"{product.code} has no option '{name}'")
        for one in option.values:
            if value.casefold() in (one.name.casefold(), *(word.casefold() for word in one.synonyms)):
                found[name] = one.name
                break
        else:
            there = ", ".join(one.name for one in option.values)
            raise Refused("option", f"{product.code}: {name} is one of {there}, not '{value}'")
    return found
