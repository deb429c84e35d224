select amount
