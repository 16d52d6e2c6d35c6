"""How many units a service needs, what they cost and earn, and how its day goes by, in closed form."""
