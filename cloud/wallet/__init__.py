"""The state's Social Wallet: its vouchers and the tabel come in as files, our free meals go out, and all are compared.

Rule: the wallet's own interface is not public. What is here follows our own file format (docs/wallet.md) and was never
tried against the live system.
"""
