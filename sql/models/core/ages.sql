-- one row per age in days, up to two years: what a review of that age weighs
select
    ages.age::integer as age,
    decay(ages.age)::decimal(18, 12) as weight,
    decay(2 * ages.age)::decimal(18, 12) as weight_squared
from range(0, 732) as ages (age)
