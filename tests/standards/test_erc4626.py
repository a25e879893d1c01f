"""ERC-4626, sentence by sentence, for lending pools, the backstop and the virtual AMM's shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.evm import PyrevmBackend
from tests.standards.clauses import shows
from tests.standards.vaults import CASES, PLENTY, PoolCase, VaultCase

SHARES = 10**6  # shares for one unit of the asset at the start


@pytest.fixture(scope="module", params=list(CASES))
def deployed(request: pytest.FixtureRequest) -> VaultCase:
    return CASES[request.param](PyrevmBackend())


@pytest.fixture
def case(deployed: VaultCase) -> Iterator[VaultCase]:
    with deployed.evm.isolation():
        yield deployed


amounts = st.one_of(st.integers(1, 10**4), st.integers(1, 10**13))
gains = st.integers(0, 10**12)


@shows("4626 shares")
def test_shares_are_a_token(case: VaultCase) -> None:
    vault = case.vault
    shares = case.enter(1_000 * case.unit)
    assert vault.balanceOf(case.user) == shares
    supply = vault.totalSupply()
    tx = vault.transfer(case.friend, shares // 3, sender=case.user)
    moved = {"from": case.user, "to": case.friend, "amount": shares // 3}
    assert tx.value is True
    assert tx.events("Transfer", vault) == [moved]
    vault.approve(case.user, 7, sender=case.friend)
    assert vault.allowance(case.friend, case.user) == 7
    with case.evm.reverts():
        vault.transferFrom(case.friend, case.user, 8, sender=case.user)
    assert vault.transferFrom(case.friend, case.user, 7, sender=case.user).value is True
    assert vault.allowance(case.friend, case.user) == 0
    assert vault.balanceOf(case.friend) == shares // 3 - 7
    assert vault.totalSupply() == supply
    with case.evm.reverts():
        vault.transfer(case.user, shares, sender=case.friend)


@shows("4626 metadata", "4626 names", "4626 asset token")
def test_names(case: VaultCase) -> None:
    """Keel's names carry the asset's, or of a fund the thing it backs."""
    vault, token = case.vault, case.token
    assert vault.asset() == token.address
    assert vault.decimals() == token.decimals() + 6
    assert vault.name().startswith("Keel ")
    assert vault.symbol().startswith("k")
    if isinstance(case, PoolCase):
        assert token.name() in vault.name()
        assert token.symbol() in vault.symbol()


@shows("4626 totalAssets yield")
def test_what_is_won_counts(case: VaultCase) -> None:
    before = case.vault.totalAssets()
    case.earn(5 * case.unit)
    assert case.vault.totalAssets() == before + 5 * case.unit
    if isinstance(case, PoolCase):
        case.evm.warp(86_400)
        assert case.vault.totalAssets() > before + 5 * case.unit, "interest without anybody's call"


@shows("4626 totalAssets fees", "4626 convertToShares fees", "4626 convertToAssets fees")
def test_fees_are_taken_off(case: VaultCase) -> None:
    """The pool's reserve share is off what lenders have; nothing is charged for a conversion."""
    vault = case.vault
    if isinstance(case, PoolCase):
        assert vault.reserve() > 0
        assert vault.totalAssets() == vault.cash() + vault.totalDebt() - vault.reserve()
    supply = vault.totalSupply()
    assert vault.convertToAssets(supply) == pytest.approx(vault.totalAssets(), rel=1e-9)
    assert vault.convertToShares(vault.convertToAssets(supply)) == pytest.approx(supply, rel=1e-9)


@shows("4626 convertToShares caller", "4626 convertToAssets caller")
def test_conversions_are_the_same_for_everybody(case: VaultCase) -> None:
    case.enter(1_000 * case.unit)
    for view in (case.vault.convertToShares, case.vault.convertToAssets):
        assert len({view.call(10**12 + 7, sender=who) for who in (case.user, case.friend, case.vault)}) == 1


@shows("4626 convertToShares slippage", "4626 convertToAssets slippage")
@settings(max_examples=20)
@given(amount=amounts, times=st.integers(2, 10**6), gain=gains)
def test_a_conversion_has_one_price(deployed: VaultCase, amount: int, times: int, gain: int) -> None:
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        for view in (deployed.vault.convertToShares, deployed.vault.convertToAssets):
            one, many = view(amount), view(amount * times)
            assert one * times <= many <= (one + 1) * times


@shows(
    *("4626 convertToShares down", "4626 convertToAssets down", "4626 conversions"),
    *("4626 rounding down", "4626 rounding up"),
)
@settings(max_examples=30)
@given(amount=amounts, gain=gains)
def test_rounding_is_for_the_vault(deployed: VaultCase, amount: int, gain: int) -> None:
    """Each view is the other one's inverse up to one unit, on the vault's side (ROUND-1)."""
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        vault, shares = deployed.vault, amount * SHARES + gain % SHARES
        assert vault.previewMint(vault.previewDeposit(amount)) <= amount
        assert vault.previewDeposit(vault.previewMint(shares)) >= shares
        assert vault.previewRedeem(vault.previewWithdraw(amount)) >= amount
        assert vault.previewWithdraw(vault.previewRedeem(shares)) <= shares
        # One unit less would not do: no view is further off than it must be.
        assert vault.previewDeposit(vault.previewMint(shares) - 1) < shares
        assert vault.previewRedeem(vault.previewWithdraw(amount) - 1) < amount
        assert vault.convertToAssets(vault.convertToShares(amount)) <= amount
        assert vault.convertToShares(vault.convertToAssets(shares)) <= shares
        assert vault.convertToAssets(shares) == vault.previewRedeem(shares)
        assert vault.convertToShares(amount) <= vault.previewWithdraw(amount)


@shows("4626 convertToShares overflow", "4626 convertToAssets overflow")
def test_conversions_of_any_reasonable_amount(case: VaultCase) -> None:
    for amount in (0, 1, 10**30, 2**127):
        assert case.vault.convertToShares(amount) >= amount
        assert case.vault.convertToAssets(amount * SHARES) >= 0
    assert case.vault.convertToShares(0) == case.vault.convertToAssets(0) == 0


@shows("4626 maxDeposit accepted", "4626 maxDeposit unlimited")
def test_the_largest_deposit_goes_through(case: VaultCase) -> None:
    vault = case.vault
    most = vault.maxDeposit(case.user)
    assert 0 < most < PLENTY, "there is a limit"
    assert vault.maxDeposit(case.friend) == most, "who has no tokens may deposit as much"
    with case.evm.isolation():
        case.enter(most)
    if case.limit_is_exact:
        with case.evm.reverts():
            case.enter(most + 1)


@shows("4626 maxMint accepted", "4626 maxMint unlimited")
def test_the_largest_mint_goes_through(case: VaultCase) -> None:
    vault = case.vault
    most = vault.maxMint(case.user)
    assert 0 < most < 2**192, "there is a limit"
    assert vault.maxMint(case.friend) == most
    with case.evm.isolation():
        vault.mint(most, case.user, sender=case.user)
    if case.limit_is_exact:
        with case.evm.reverts():
            vault.mint(most + 10**30, case.user, sender=case.user)


@shows(
    *("4626 maxDeposit disabled", "4626 maxMint disabled"),
    *("4626 previewDeposit limits", "4626 previewMint limits"),
    *("4626 previewDeposit never reverts for limits", "4626 previewMint never reverts for limits"),
)
def test_nobody_enters(case: VaultCase) -> None:
    vault = case.vault
    with case.evm.isolation():
        case.limit_entry()
        assert vault.maxDeposit(case.user) == vault.maxMint(case.user) == 0
        assert vault.previewDeposit(case.unit) > 0
        assert vault.previewMint(10**12) > 0
    case.close_entry()
    assert vault.maxDeposit(case.user) == vault.maxMint(case.user) == 0
    for call in (lambda: case.enter(case.unit), lambda: vault.mint(10**12, case.user, sender=case.user)):
        with case.evm.reverts():
            call()


@shows("4626 previewDeposit exact", "4626 previewDeposit fees", "4626 deposit event", "4626 event Deposit")
@settings(max_examples=20)
@given(assets=amounts, gain=gains)
def test_a_deposit_gives_what_was_said(deployed: VaultCase, assets: int, gain: int) -> None:
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        vault, evm = deployed.vault, deployed.evm
        said = vault.previewDeposit(assets)
        if said == 0:
            with evm.reverts():
                deployed.enter(assets)
            return
        tokens = deployed.token.balanceOf(deployed.user)
        tx = vault.deposit(assets, deployed.friend, sender=deployed.user)
        assert tx.value == said == vault.balanceOf(deployed.friend)
        assert deployed.token.balanceOf(deployed.user) == tokens - assets
        entered = {"by": deployed.user, "owner": deployed.friend, "assets": assets, "shares": said}
        assert tx.events("Deposit", vault) == [entered]


@shows("4626 previewMint exact", "4626 previewMint fees", "4626 mint event", "4626 event Deposit")
@settings(max_examples=20)
@given(shares=st.integers(1, 10**18), gain=gains)
def test_a_mint_takes_what_was_said(deployed: VaultCase, shares: int, gain: int) -> None:
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        vault = deployed.vault
        said = vault.previewMint(shares)
        tokens = deployed.token.balanceOf(deployed.user)
        tx = vault.mint(shares, deployed.friend, sender=deployed.user)
        assert tx.value == said == tokens - deployed.token.balanceOf(deployed.user)
        assert vault.balanceOf(deployed.friend) == shares
        entered = {"by": deployed.user, "owner": deployed.friend, "assets": said, "shares": shares}
        assert tx.events("Deposit", vault) == [entered]


@shows("4626 deposit approve", "4626 mint approve", "4626 deposit all", "4626 mint all")
def test_entering_takes_an_approval_in_full(case: VaultCase) -> None:
    vault, token = case.vault, case.token
    assets = 1_000 * case.unit
    shares = vault.previewDeposit(assets)

    def deposit() -> None:
        vault.deposit(assets, case.user, sender=case.user)

    def mint() -> None:
        vault.mint(shares, case.user, sender=case.user)

    for call, needed in ((deposit, assets), (mint, vault.previewMint(shares))):
        token.approve(vault, needed - 1, sender=case.user)
        with case.evm.reverts():
            call()
        token.approve(vault, needed, sender=case.user)
        with case.evm.isolation():
            call()
            assert token.allowance(case.user, vault) == 0
        with case.evm.isolation():
            token.transfer(case.friend, token.balanceOf(case.user) - needed + 1, sender=case.user)
            with case.evm.reverts():
                call()
        if isinstance(case, PoolCase):
            with case.evm.isolation():
                token.setFee(10**15)
                with case.evm.reverts():
                    call()


def _inside(case: VaultCase, assets: int) -> int:
    """The user has entered and may leave with everything."""
    shares = case.enter(assets)
    case.allow_exit(shares)
    return shares


@shows("4626 maxWithdraw accepted", "4626 withdraw all")
def test_the_largest_withdrawal_goes_through(case: VaultCase) -> None:
    _inside(case, 1_000 * case.unit)
    vault = case.vault
    most = vault.maxWithdraw(case.user)
    assert most > 0
    with case.evm.isolation():
        vault.withdraw(most, case.user, case.user, sender=case.user)
    with case.evm.reverts():
        vault.withdraw(most + 1, case.user, case.user, sender=case.user)


@shows("4626 maxRedeem accepted", "4626 redeem all")
def test_the_largest_redemption_goes_through(case: VaultCase) -> None:
    shares = _inside(case, 1_000 * case.unit)
    vault = case.vault
    assert vault.maxRedeem(case.user) == shares
    with case.evm.isolation():
        vault.redeem(shares, case.user, case.user, sender=case.user)
    with case.evm.reverts():
        vault.redeem(shares + 1, case.user, case.user, sender=case.user)


@shows(
    *("4626 maxWithdraw disabled", "4626 maxRedeem disabled"),
    *("4626 previewWithdraw limits", "4626 previewRedeem limits"),
    *("4626 previewWithdraw never reverts for limits", "4626 previewRedeem never reverts for limits"),
)
def test_nobody_leaves(case: VaultCase) -> None:
    shares = _inside(case, 1_000 * case.unit)
    case.close_exit()
    vault = case.vault
    assert vault.maxWithdraw(case.user) == vault.maxRedeem(case.user) == 0
    for call in (
        lambda: vault.withdraw(case.unit, case.user, case.user, sender=case.user),
        lambda: vault.redeem(shares, case.user, case.user, sender=case.user),
    ):
        with case.evm.reverts():
            call()
    assert vault.previewRedeem(shares) > 0
    assert vault.previewWithdraw(case.unit) > 0
    assert vault.previewRedeem(vault.totalSupply() * 2) > vault.totalAssets(), "regardless of who has shares"


@shows(
    *("4626 previewWithdraw exact", "4626 previewWithdraw fees"),
    *("4626 withdraw event", "4626 withdraw by owner", "4626 event Withdraw"),
)
@settings(max_examples=20)
@given(share=st.integers(1, 10**6), gain=gains)
def test_a_withdrawal_burns_what_was_said(deployed: VaultCase, share: int, gain: int) -> None:
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        vault = deployed.vault
        held = _inside(deployed, 10_000 * deployed.unit)
        assets = max(vault.maxWithdraw(deployed.user) * share // 10**6, 1)
        said = vault.previewWithdraw(assets)
        tokens = deployed.token.balanceOf(deployed.friend)
        tx = vault.withdraw(assets, deployed.friend, deployed.user, sender=deployed.user)
        assert tx.value == said == held - vault.balanceOf(deployed.user)
        assert deployed.token.balanceOf(deployed.friend) == tokens + assets
        left = {"to": deployed.friend, "owner": deployed.user, "assets": assets, "shares": said}
        assert tx.events("Withdraw", vault) == [{"by": deployed.user, **left}]


@shows(
    *("4626 previewRedeem exact", "4626 previewRedeem fees"),
    *("4626 redeem event", "4626 redeem by owner", "4626 event Withdraw"),
)
@settings(max_examples=20)
@given(share=st.integers(1, 10**6), gain=gains)
def test_a_redemption_pays_what_was_said(deployed: VaultCase, share: int, gain: int) -> None:
    with deployed.evm.isolation():
        if gain:
            deployed.earn(gain)
        vault = deployed.vault
        held = _inside(deployed, 10_000 * deployed.unit)
        shares = max(held * share // 10**6, SHARES * 2)
        said = vault.previewRedeem(shares)
        tokens = deployed.token.balanceOf(deployed.friend)
        tx = vault.redeem(shares, deployed.friend, deployed.user, sender=deployed.user)
        assert tx.value == said == deployed.token.balanceOf(deployed.friend) - tokens
        assert vault.balanceOf(deployed.user) == held - shares
        left = {"to": deployed.friend, "owner": deployed.user, "assets": said, "shares": shares}
        assert tx.events("Withdraw", vault) == [{"by": deployed.user, **left}]


@shows(
    *("4626 withdraw by approval", "4626 withdraw allowance"),
    *("4626 redeem by approval", "4626 redeem allowance"),
)
def test_leaving_by_approval(case: VaultCase) -> None:
    _inside(case, 10_000 * case.unit)
    vault, assets = case.vault, 1_000 * case.unit
    shares = vault.previewWithdraw(assets)

    def withdraw() -> None:
        vault.withdraw(assets, case.friend, case.user, sender=case.friend)

    def redeem() -> None:
        vault.redeem(shares, case.friend, case.user, sender=case.friend)

    for call in (withdraw, redeem):
        with case.evm.reverts():
            call()
        vault.approve(case.friend, shares - 1, sender=case.user)
        with case.evm.reverts():
            call()
        vault.approve(case.friend, shares, sender=case.user)
        with case.evm.isolation():
            call()
            assert vault.allowance(case.user, case.friend) == 0
        vault.approve(case.friend, 0, sender=case.user)


@shows("4626 asset never reverts", "4626 totalAssets never reverts")
@shows("4626 maxDeposit never reverts", "4626 maxMint never reverts")
@shows("4626 maxWithdraw never reverts", "4626 maxRedeem never reverts")
def test_in_the_middle_of_an_operation(case: VaultCase) -> None:
    """Here prices deviate from the standard: there is none, and every price view says so. Limits are zero."""
    _inside(case, 1_000 * case.unit)
    vault, user = case.vault, case.user
    limits = [
        view.encode(user) for view in (vault.maxDeposit, vault.maxMint, vault.maxWithdraw, vault.maxRedeem)
    ]
    prices = [
        vault.totalAssets.encode(),
        *(view.encode(10**12) for view in (vault.convertToShares, vault.convertToAssets)),
        *(view.encode(10**12) for view in (vault.previewDeposit, vault.previewMint)),
        *(view.encode(10**12) for view in (vault.previewWithdraw, vault.previewRedeem)),
    ]
    answers = case.half_done([vault.asset.encode(), *limits, *prices])
    assert answers[0][0]
    assert [(done, int.from_bytes(answer)) for done, answer in answers[1:5]] == [(True, 0)] * 4
    assert not any(done for done, _ in answers[5:])
    assert vault.totalAssets() > 0
    assert vault.maxRedeem(user) > 0
