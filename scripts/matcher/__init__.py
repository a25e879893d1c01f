"""The matcher: takes signed perpetual orders, matches them by price and time, settles the fills on chain."""
