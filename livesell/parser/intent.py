"""What a comment wants: every clause is weighed over all cues in it, and the clauses together give the intent."""

from __future__ import annotations

from collections.abc import Sequence

from livesell.lexicon import (
    ADD,
    ANNOUNCE,
    ASIDE,
    ASK,
    CANCEL,
    CHANGE,
    CLAIM,
    DEAL,
    DECLINE,
    DENY,
    EACH,
    ELSEWHERE,
    GAME,
    GREETING,
    IF,
    ME,
    MONEY,
    NOT,
    OPENS,
    PAID,
    PAST,
    PHONE,
    PLACE,
    PRAISE,
    QUESTION,
    REQUEST,
    SAID,
    SIZE,
    SPAM,
    TAKE,
    TELL,
)  # fmt: skip
from livesell.parser.chatter import CHATTER, called, for_machines, to_seller
from livesell.parser.clauses import QUIET, Clause, clauses_of
from livesell.parser.turns import TURNING, Decision, changes, pivot, withdrawal, withdraws
from livesell.parser.view import View, named


def decide(view: View) -> Decision:
    """The intent of a comment."""
    clauses = clauses_of(view)
    roles = 0
    for clause in clauses:
        roles |= clause.roles
    if for_machines(view):
        return Decision("other", "machine", 0.95, (), clauses)
    if view.size and view.tokens[0].text == "@" and not to_seller(view):
        return Decision("other", "mention", 0.9, (), clauses)
    if called(view, clauses):
        return Decision("other", "tells another", 0.7, (), clauses)
    if roles & CHATTER == ELSEWHERE:
        asked = [
            clause
            for clause in clauses
            if clause.roles & QUESTION and clause.asks >= 2.4 and not clause.roles & ELSEWHERE
        ]
        if asked:
            return Decision("question", "asks", 0.75, asked, clauses)
    if roles & CHATTER:
        others = [clause for clause in clauses if not clause.roles & CHATTER]
        strong = [clause for clause in others if clause.claim >= 4.5 and clause.asks < 2]
        if (
            roles & ANNOUNCE
            and not roles & (SPAM | GAME | TELL | DENY)
            and (
                any(clause.stop == "?" for clause in clauses)
                or (
                    sum(clause.asks for clause in clauses) >= 5
                    and not any(spot.kind == "product" for spot in view.spots)
                )
            )
        ):
            return Decision("question", "asks", 0.7, (), clauses)
        taken_back = not roles & CHATTER & ~(ELSEWHERE | GAME) and any(
            clause.roles & CANCEL and named(clause.spots) for clause in others
        )
        if (not strong or roles & (SPAM | GAME | ANNOUNCE)) and not taken_back:
            return Decision("other", "chatter", 0.85, (), clauses)
    turn = pivot(view, clauses) if roles & NOT else None
    gone = swaps = []
    if roles & TURNING:
        gone = [clause for clause in clauses if withdraws(clause, turning=turn is not None)]
        swaps = [
            clause
            for clause in clauses
            if changes(clause) or (turn is not None and clause.start <= turn[0] < clause.end)
        ]
    if gone or swaps:
        found = withdrawal(view, clauses, gone, swaps, roles)
        if found is not None:
            return found
    if roles & SAID:
        told = [clause for clause in clauses if clause.roles & SAID]
        rest = [clause for clause in clauses if not clause.roles & SAID and clause.claim >= 1.5 and clause.asks < 2]
        inside = [
            clause
            for clause in told
            if any(
                spot.start > clause.last(SAID) and spot.kind in ("product", "quantity", "option")
                for spot in clause.spots
            )
            and any(
                spot.start < clause.last(SAID) and spot.kind in ("product", "quantity", "option")
                for spot in clause.spots
            )
        ]
        things = ("product", "quantity", "option")
        if rest and not any(spot.kind in things for clause in told for spot in clause.spots):
            return claimed(view, clauses, roles)  # it speaks of before, but of no goods
        more = [clause for clause in rest if clause.roles & ADD]
        if more and not roles & (QUESTION | CHANGE):
            return Decision("order", "claim", 0.8, more, clauses)  # "I took 12 before, now 45 as well"
        told_asks = any(clause.asks >= 2.4 for clause in told)
        if (rest or inside) and not roles & QUESTION and not told_asks:
            return Decision("change", "said", 0.8, clauses, clauses)
        if roles & QUESTION or any(clause.asks >= 2.4 for clause in clauses):
            return Decision("question", "said", 0.8, (), clauses)
        return Decision("other", "said", 0.7, (), clauses)
    return claimed(view, clauses, roles)


def claimed(view: View, clauses: Sequence[Clause], roles: int) -> Decision:
    """An order, a question or chatter."""
    asks = [clause for clause in clauses if clause.asks >= 2.4 and not forgiven(clause)]
    claims = [clause for clause in clauses if clause.claim >= 2.0 and clause not in asks]
    past = roles & PAST
    if not claims and not asks and not view.spots and not (past or roles & (ME | EACH)):
        return Decision("other", "chatter", 0.8, (), clauses)
    if past:
        claims = [
            clause
            for clause in claims
            if (not clause.roles & PAST and clause.roles & (CLAIM | TAKE | ADD))
            or (clause.roles & ADD and clause.claim >= 3 and _after_past(clause))
        ]
        if not claims:
            asked = [clause for clause in asks if clause.stop == "?" or not clause.roles & PAST or _asks_first(clause)]
            return (
                Decision("question", "asks", 0.75, asked, clauses)
                if asked
                else Decision("other", "past", 0.85, (), clauses)
            )
    declined = [
        clause
        for clause in clauses
        if clause.roles & (DECLINE | NOT) and not clause.roles & IF and not _of_delivery(clause)
    ]
    if declined:
        claims = [
            clause
            for clause in claims
            if clause not in declined or (clause.claim >= 4.5 and not clause.roles & DECLINE and not _denied(clause))
        ]
        if any(clause.roles & DECLINE for clause in declined) and not any(clause.claim >= 4 for clause in claims):
            claims = []
    if (
        asks
        and not claims
        and any(clause.roles & DECLINE for clause in declined)
        and all(clause.asks < 2.6 and clause.stop != "?" for clause in asks)
    ):
        return Decision("other", "decline", 0.7, (), clauses)
    if asks and outburst(view, asks, clauses, roles):
        return Decision("other", "outburst", 0.7, (), clauses)
    if asks:
        if (
            claims
            and asks[0] is clauses[0]
            and not asks[0].spots
            and asks[0].stop != "?"
            and not roles & (CLAIM | TAKE | ADD)
        ):
            return Decision("question", "asks", 0.75, asks, clauses)  # "a question: A1 2 boxes …"
        deal = any(clause.roles & DEAL for clause in asks)
        aside = all(clause.roles & ASIDE for clause in asks)
        first = min(clause.start for clause in asks)
        full = [
            clause
            for clause in claims
            if clause.roles & (CLAIM | TAKE | ADD)
            or (
                any(spot.kind == "quantity" for spot in clause.spots)
                and (clause.start < first or any(spot.by == "code" and spot.kind == "product" for spot in clause.spots))
            )
        ]
        if full and not (deal and not any(clause.roles & CLAIM for clause in full)):
            return Decision("order", "claim and question", 0.85, claims, clauses)
        if claims and aside and not deal:
            return Decision("order", "claim and question", 0.75, claims, clauses)
        beside = [clause for clause in asks if stated_first(view, clause)]
        if beside and not deal:
            return Decision("order", "claim with a question", 0.75, [*claims, *beside], clauses)
        asked = [
            clause
            for clause in asks
            if clause.roles & REQUEST
            and (clause.roles & CLAIM or clause.claim >= 2)
            and not clause.roles & (DEAL | ASIDE)
        ]
        if asked and any(
            spot.kind in ("product", "quantity", "option", "unknown") for clause in asked for spot in clause.spots
        ):
            return Decision("order", "request", 0.7, [*claims, *asked], clauses)
        return Decision("question", "asks", 0.9 if not claims else 0.75, asks, clauses)
    if claims:
        top = max(clause.claim for clause in claims)
        if roles & GREETING and top < 2.6 and len(clauses) == 1 and not roles & CLAIM:
            top -= 0.2
        parts = [clause for clause in clauses if clause in claims or (clause.spots and joins(clause))]
        return Decision("order", "claim", min(0.97, 0.6 + 0.08 * top), parts, clauses)
    if (
        view.pinned is not None
        and roles & ME
        and not roles & ~(QUIET | PRAISE)
        and not any(clause.roles & ME and clause.last(PRAISE) > clause.first(ME) for clause in clauses)
        and all(
            clause.left < 1 and all(spot.kind in ("quantity", "option") for spot in clause.spots) for clause in clauses
        )
    ):
        return Decision("order", "me", 0.75, clauses, clauses)
    # Claims in pieces: "A1, 2 gói".
    whole = sum(max(0.0, clause.claim) for clause in clauses)
    spots = [spot for clause in clauses for spot in clause.spots]
    if (
        not past
        and not declined
        and not roles & PRAISE
        and whole >= 2.0
        and any(spot.by in ("code", "number") for spot in named(spots))
        and len(clauses) > 1
    ):
        left = sum(clause.left for clause in clauses)
        if left <= 2 or any(spot.kind == "quantity" for spot in spots):
            return Decision("order", "claim in pieces", 0.7, clauses, clauses)
    if past:
        return Decision("other", "past", 0.9, (), clauses)
    return Decision("other", "chatter", 0.8, (), clauses)


def outburst(view: View, asks: Sequence[Clause], clauses: Sequence[Clause], roles: int) -> bool:
    """True for a question mark that only exclaims: no word asks, and what stands beside it is chatter."""
    if any(clause.roles & (QUESTION | ASK | OPENS | CLAIM | TAKE | ADD) for clause in asks):
        return False
    if any(spot.by in ("code", "number") and spot.kind == "product" for spot in view.spots):
        return False
    others = [clause for clause in clauses if clause not in asks]
    return (any(clause.roles & PRAISE for clause in others) or bool(roles & PRAISE and roles & MONEY)) and not any(
        clause.claim >= 2 for clause in others
    )


def joins(clause: Clause) -> bool:
    """True for a clause that goes on with the claim beside it: "I'll take the monstera, large"."""
    if (
        clause.claim >= 1.0
        and clause.asks < 2.4
        and any(spot.kind == "product" for spot in clause.spots)
        and not clause.roles & (PAST | NOT | DECLINE)
    ):
        return True
    if clause.roles & (PAST | NOT | DECLINE | PLACE | PHONE | MONEY | SIZE) or clause.asks >= 2.4:
        return False
    if clause.claim >= 0.5:
        return True
    return clause.left <= 1 and all(spot.kind in ("option", "quantity") for spot in clause.spots)


def _after_past(clause: Clause) -> bool:
    place = clause.last(PAST)
    return clause.last(ADD) > place and any(spot.start > place for spot in clause.spots)


def _asks_first(clause: Clause) -> bool:
    """True where a clause asks twice, or asks about shipping and the like: "when do you ship what I bought"."""
    return clause.asks >= 5 or (
        clause.asks >= 2.6
        and ((bool(clause.roles & ASIDE) and not clause.roles & NOT) or bool(clause.cues[-1].roles & QUESTION))
    )


def _of_delivery(clause: Clause) -> bool:
    """True for a clause about the address, the phone or the payment: "address later"."""
    return bool(clause.roles & (PLACE | PHONE | PAID | ASIDE)) and not named(clause.spots)


def _denied(clause: Clause) -> bool:
    return bool(clause.roles & NOT) and bool(clause.roles & CLAIM) and abs(clause.first(NOT) - clause.first(CLAIM)) <= 2


def forgiven(clause: Clause) -> bool:
    """True for a clause whose question words belong to a condition or a request: "if still available 2 A1"."""
    roles = clause.roles
    if clause.stop == "?" and not roles & (REQUEST | IF):
        return False
    objects = any(spot.kind in ("product", "quantity", "option", "unknown") for spot in clause.spots)
    if (
        roles & IF
        and objects
        and not roles & (DEAL | ASIDE)
        and clause.first(IF) > clause.spots[0].start
        and clause.first(QUESTION) > clause.first(IF)
    ):
        return True  # "2 bottles if you still have": what is asked is the condition
    if roles & IF and roles & (CLAIM | TAKE | ADD) and not roles & (DEAL | ASIDE):
        last = clause.last(QUESTION)
        taking = clause.last(CLAIM | TAKE | ADD)
        return (
            last < taking
            or last < 0
            or (clause.stop != "?" and 0 <= taking < clause.first(IF) < clause.first(QUESTION))
        )
    if roles & REQUEST and (objects or roles & CLAIM) and not roles & (DEAL | ASIDE):
        return not any(
            cue.roles & QUESTION and not cue.roles & REQUEST and cue.end - cue.start > 0 for cue in clause.cues
        )
    return False


def stated_first(view: View, clause: Clause) -> bool:
    """True where a claim stands before the question of one clause, and the question is about shipping or the like."""
    roles = clause.roles
    signed = any(spot.plus for spot in clause.spots)
    if not (roles & ASIDE or signed) or roles & (DEAL | IF):
        return False
    spots = [spot for spot in clause.spots if spot.kind in ("product", "quantity", "option")]
    if not spots or not (
        roles & (CLAIM | TAKE | ADD) or any(spot.kind == "quantity" for spot in spots) or len(spots) > 1
    ):
        return False
    if not named(spots) and view.pinned is None:
        return False
    if clause.cues and clause.cues[0].roles & (OPENS | QUESTION) and clause.cues[0].start < spots[0].start:
        return False
    place = min((at for at in (clause.first(QUESTION), clause.first(ASIDE)) if at >= 0), default=-1)
    return place > spots[0].start and (signed or not any(spot.start > place for spot in spots))
