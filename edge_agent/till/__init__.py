"""The canteen's till: what may be sold to whom, the sales as the journal tells them, and the cashier's screen."""
