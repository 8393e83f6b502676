print("cube")
