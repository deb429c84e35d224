def model(dbt, session):
    return dbt.source("apiary", "hives")
