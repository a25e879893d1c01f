"""Who is there on a local chain: lenders, a staker, LPs and traders, and wallets to trade from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_keys import keys

from scripts.client.domain import account_id
from scripts.client.perps import trade_data
from scripts.common.accounts import MNEMONIC
from scripts.common.units import format_amount
from scripts.deploy import Asset, Deployment


@dataclass(frozen=True)
class Wallet:
    """An account of the local chain and what it holds."""

    address: str
    key: str
    balances: Sequence[str]


def move_in(deployment: Deployment) -> None:
    """Supplies the pools, stakes in the backstop and fills the wallets, where there is nothing yet."""
    sender = deployment.chain.account
    for asset in deployment.assets:
        amount = asset.market.local.lenders
        if asset.pool and amount and asset.pool.totalSupply() == 0:
            deployment.mint(asset.symbol, sender, amount)
            asset.token.approve(asset.pool, amount)
            asset.pool.deposit(amount, sender)
    stake, settlement = deployment.configuration.domain.local.stake, deployment.assets[0]
    if stake and deployment.backstop.totalSupply() == 0:
        deployment.mint(settlement.symbol, sender, stake)
        settlement.token.approve(deployment.backstop, stake)
        deployment.backstop.deposit(stake, sender)
    for address in _addresses(deployment):
        for asset in deployment.assets:
            amount = asset.market.local.wallet
            if amount and asset.token.balanceOf(address) == 0:
                deployment.mint(asset.symbol, address, amount)


def open_perps(deployment: Deployment) -> None:
    """Gives each virtual AMM its first deposit, and opens a position on each side, where there is nothing yet."""
    settlement, vault = deployment.assets[0], deployment.vault
    for perp in deployment.configuration.perps:
        contracts, local = deployment.perps[perp.symbol], perp.local
        if not local.liquidity or contracts.amm.totalSupply():
            continue
        sender = deployment.chain.account
        deployment.mint(settlement.symbol, sender, local.liquidity)
        settlement.token.approve(contracts.amm, local.liquidity)
        contracts.amm.deposit(local.liquidity, sender)
        first = deployment.configuration.domain.local.wallets + 1
        for number, size in enumerate((local.long or 0, -(local.short or 0)), start=first):
            if not size:
                continue
            trader = _address(number)
            fund(deployment, trader, local.margin)
            data = trade_data(contracts.amm.address, size)
            vault.callInstrument(account_id(trader), contracts.market, data, sender=trader)


def fund(deployment: Deployment, owner: str, amount: int) -> None:
    """Puts settlement tokens into the first account of an owner whose key the node has."""
    settlement, vault = deployment.assets[0], deployment.vault
    deployment.mint(settlement.symbol, owner, amount)
    settlement.token.approve(vault, amount, sender=owner)
    vault.deposit(account_id(owner), settlement.token, amount, sender=owner)


def wallets(deployment: Deployment) -> list[Wallet]:
    """The funded wallets with what they hold now."""
    found = []
    for number, address in enumerate(_addresses(deployment), start=1):
        balances = [_balance(asset, address) for asset in deployment.assets]
        ether = format_amount(deployment.chain.balance(address), "ETH", 18, 2)
        found.append(Wallet(address, account_key(number), [ether, *balances]))
    return found


def _addresses(deployment: Deployment) -> list[str]:
    """The first account deploys, the next ones are wallets."""
    return [_address(number) for number in range(1, deployment.configuration.domain.local.wallets + 1)]


def _balance(asset: Asset, address: str) -> str:
    return format_amount(asset.token.balanceOf(address), asset.symbol, asset.decimals, 2)


def account_key(number: int) -> str:
    """Private key of one of Anvil's accounts."""
    seed = seed_from_mnemonic(MNEMONIC, "")
    return "0x" + key_from_seed(seed, f"m/44'/60'/0'/0/{number}").hex()


def _address(number: int) -> str:
    return str(keys.PrivateKey(bytes.fromhex(account_key(number)[2:])).public_key.to_checksum_address())
