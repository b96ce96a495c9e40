"""The simplest book there can be, to hold the desk against: who asked when, what is there, first come first served.

It knows one show, products without options, and the rules of DESIGN: the number said last holds, more adds, a cancel
takes back, a confirmed order is not changed by its buyer, a paid one is closed, holds of drafts run out.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Want:
    """One line: `place` orders it in the queue, `up` is what came up from there and is not confirmed."""

    code: str
    place: tuple[int, int]
    held: int = 0
    waiting: int = 0
    confirmed: int = 0
    up: int = 0
    held_at: int | None = None

    @property
    def count(self) -> int:
        """What is asked for."""
        return self.held + self.waiting


@dataclass
class Bill:
    """One order: its lines that ask for something, oldest first."""

    status: str = "draft"
    wants: list[Want] = field(default_factory=list)


class QueueModel:
    """A shop of one evening; times are whole seconds, counts whole units."""

    def __init__(self, stock: dict[str, int], *, repeat: str, hold: int) -> None:
        self.stock = dict(stock)
        self.repeat, self.hold = repeat, hold
        self.bills: dict[str, list[Bill]] = {}
        self.asked: list[str] = []
        self.lines = 0

    # --- looking --------------------------------------------------------------------------------------------------

    def all_wants(self) -> list[tuple[str, Bill, Want]]:
        """Every line that asks for something."""
        return [(who, bill, want) for who, bills in self.bills.items() for bill in bills for want in bill.wants]

    def free(self, code: str) -> int:
        """What nobody holds."""
        return self.stock[code] - sum(want.held for _, _, want in self.all_wants() if want.code == code)

    def queue(self, code: str) -> list[tuple[str, int]]:
        """Who waits for how many, first come first."""
        waiting = sorted((want.place, who, want.waiting) for who, _, want in self.all_wants() if want.code == code)
        return [(who, count) for _, who, count in waiting if count]

    def state(self) -> dict[str, list[tuple[str, list[tuple[str, int, int, int]]]]]:
        """What each has, order by order: status, and product, held, waiting, confirmed of each line."""
        return {
            who: [
                (bill.status, [(want.code, want.held, want.waiting, want.confirmed) for want in bill.wants])
                for bill in bills
            ]
            for who, bills in self.bills.items()
        }

    def open_bill(self, who: str) -> Bill | None:
        """The order that the next claim joins."""
        for bill in reversed(self.bills.get(who, [])):
            if bill.status in ("draft", "confirmed"):
                return bill
        return None

    # --- what happens ---------------------------------------------------------------------------------------------

    def claims(self, who: str, code: str, count: int, now: int, *, adds: bool = False) -> None:
        """Somebody asks for something."""
        bill = self.open_bill(who)
        mine = [want for want in bill.wants if want.code == code] if bill else []
        if not mine:
            self._new(who, code, count, now)
        elif adds or self.repeat == "add":
            self._more(who, mine, count, now)
        else:
            surplus = sum(want.count for want in mine) - count
            if surplus < 0:
                self._more(who, mine, -surplus, now)
            assert bill is not None
            for want in reversed(mine):
                taken = min(surplus, want.count)
                if taken > 0:
                    surplus -= taken
                    self._less(bill, want, taken)
        self._serve(now)

    def _new(self, who: str, code: str, count: int, now: int) -> None:
        bill = self.open_bill(who)
        if bill is None:
            bill = Bill()
            self.bills.setdefault(who, []).append(bill)
        self.lines += 1
        want = Want(code, (now, self.lines), waiting=count)
        bill.wants.append(want)
        self._hold(want, now)

    def _more(self, who: str, mine: list[Want], count: int, now: int) -> None:
        last = mine[-1]
        if last.waiting:
            self._new(who, last.code, count, now)
        else:
            last.waiting = count
            last.place = (now, last.place[1])
            self._hold(last, now)

    def _hold(self, want: Want, now: int) -> None:
        got = min(want.waiting, self.free(want.code))
        if got > 0:
            want.waiting, want.held = want.waiting - got, want.held + got
            want.held_at = now if want.held_at is None else want.held_at

    def _less(self, bill: Bill, want: Want, count: int) -> None:
        from_queue = min(count, want.waiting)
        want.waiting -= from_queue
        given = count - from_queue
        want.held -= given
        want.confirmed = min(want.confirmed, want.held)
        want.up = max(0, want.up - given)
        if not want.held:
            want.held_at = None
        if not want.count:
            bill.wants.remove(want)

    def _serve(self, now: int) -> None:
        for code in self.stock:
            for want in sorted(
                (want for _, _, want in self.all_wants() if want.code == code), key=lambda one: one.place
            ):
                got = min(want.waiting, self.free(code))
                if got > 0:
                    want.waiting, want.held, want.up = want.waiting - got, want.held + got, want.up + got
                    want.held_at = now

    def cancels(self, who: str, code: str | None, now: int) -> bool:
        """Somebody takes back a product, or all; False if a person must be asked, or there is nothing."""
        alive = [bill for bill in self.bills.get(who, []) if bill.status != "cancelled"]
        if not alive:
            return False
        bill = self.open_bill(who) or alive[-1]
        if bill.status != "draft":
            return False
        gone = [want for want in bill.wants if code in (None, want.code)]
        for want in gone:
            self._less(bill, want, want.count)
        if not bill.wants:
            bill.status = "cancelled"
        self._serve(now)
        return bool(gone)

    def taps(self, bill: Bill, step: str, now: int) -> bool:
        """A person takes an order a step on; False if it does not go."""
        if step == "confirm":
            fresh = [want for want in bill.wants if want.held > want.confirmed]
            if bill.status not in ("draft", "confirmed", "paid") or not fresh:
                return False
            for want in fresh:
                want.confirmed, want.up = want.held, 0
            bill.status = "confirmed" if bill.status == "draft" else bill.status
        elif step == "paid":
            if bill.status != "confirmed":
                return False
            bill.status = "paid"
        elif step == "cancel":
            if bill.status in ("cancelled", "shipped", "returned"):
                return False
            for want in list(bill.wants):
                self._less(bill, want, want.count)
            bill.status = "cancelled"
            self._serve(now)
        return True

    def passes(self, bill: Bill, want: Want, now: int) -> bool:
        """The next may have what a line waits for and what came up for it."""
        given = want.waiting + want.up
        if not given:
            return False
        self._less(bill, want, given)
        if not bill.wants:
            bill.status = "cancelled"
        self._serve(now)
        return True

    def restocks(self, code: str, by: int, now: int) -> bool:
        """More is there, or less; never less than is held."""
        if self.free(code) + by < 0:
            return False
        self.stock[code] += by
        self._serve(now)
        return True

    def time_is(self, now: int) -> None:
        """Holds of drafts run out, oldest first."""
        if not self.hold:
            return
        old = [
            (want.held_at, want.place[1], bill, want)
            for _, bill, want in self.all_wants()
            if want.held_at is not None and want.held > want.confirmed and want.held_at <= now - self.hold
        ]
        for _, _, bill, want in sorted(old, key=lambda one: one[:2]):
            if bill.status == "draft" and want in bill.wants:
                self._less(bill, want, want.count)
                if not bill.wants:
                    bill.status = "cancelled"
                self._serve(now)
