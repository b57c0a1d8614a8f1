"""The canteen's menu: dishes with versions, meals, menus by day, who eats free, and what a parent does not allow."""
