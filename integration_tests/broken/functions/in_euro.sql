select amount * 0.9
