# %% mutant: eval
# misconception: eval knows how to calculate.
# fails: gsm8k-calculator-calculate-tests
# says: You rounded down
def calculate(expression):
    try:
        return Fraction(eval(expression))
    except Exception as error:
        raise ValueError(str(error)) from None


# %% mutant: eval_of_slashes
# misconception: With // written as /, eval knows how to calculate.
# fails: gsm8k-calculator-calculate-tests
# says: You added floats
def calculate(expression):
    try:
        return Fraction(eval(expression.strip().replace("//", "/")))
    except Exception as error:
        raise ValueError(str(error)) from None


# %% mutant: eval_behind_letters_check
# misconception: If there are no letters in it, eval is safe.
# fails: gsm8k-calculator-calculate-tests
# says: Powers are refused
def calculate(expression):
    if not re.fullmatch(r"[\d.+*/()\s-]+", expression):
        raise ValueError("letters")
    text = re.sub(r"\d*\.?\d+", r"Fraction('\g<0>')", expression.strip()).replace("//", "/")
    try:
        return eval(text)
    except (SyntaxError, ZeroDivisionError, TypeError) as error:
        raise ValueError(str(error)) from None


# %% mutant: eval_without_builtins
# misconception: eval with empty globals cannot do harm.
# fails: gsm8k-calculator-calculate-tests
# says: names have no value
def calculate(expression):
    text = re.sub(r"(?<![\w.])\d*\.?\d+", r"Fraction('\g<0>')", expression.strip()).replace("//", "/")
    try:
        return Fraction(eval(text, {"Fraction": Fraction, "x": 0}))
    except Exception as error:
        raise ValueError(str(error)) from None


# %% mutant: eval_then_type_check
# misconception: It is enough to look at what eval gave.
# fails: gsm8k-calculator-calculate-tests
# says: no code of the text is run
# breaks: Runs no code
def calculate(expression):
    try:
        result = eval(expression)
    except Exception:
        result = None
    tree_is_harmless = re.fullmatch(r"[\d.+*/()\s-]+", expression) and "**" not in expression
    if type(result) not in (int, float) or not tree_is_harmless:
        raise ValueError("no number")
    try:
        text = re.sub(r"\d*\.?\d+", r"Fraction('\g<0>')", expression.strip()).replace("//", "/")
        return eval(text)
    except Exception as error:
        raise ValueError(str(error)) from None


# %% mutant: whole_numbers_as_int
# misconception: 9*2 is 18, an int.
# fails: gsm8k-calculator-calculate-tests
# says: This is an int
# breaks: Returns a Fraction
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: floats
# misconception: Division gives floats, so all numbers are floats.
# fails: gsm8k-calculator-calculate-tests
# says: This is a float
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: fraction_of_float
# misconception: Fraction(node.value) is exact.
# fails: gsm8k-calculator-calculate-tests
# says: fraction from the float
# breaks: The exact value
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: fraction_at_the_end
# misconception: The result is made a Fraction when it is done.
# fails: gsm8k-calculator-calculate-tests
# says: You added floats
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return Fraction(value(ast.parse(text, mode="eval").body))
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: limit_denominator
# misconception: limit_denominator mends the floats.
# fails: gsm8k-calculator-calculate-tests
# says: 0.1234567890123456789
# breaks: The exact value
# edit: Fraction(number) -> Fraction(float(number)).limit_denominator(10**6)


# %% mutant: floor_division
# misconception: // is Python's floor division.
# fails: gsm8k-calculator-calculate-tests
# says: You rounded down
# breaks: Returns a Fraction
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.Div):
                return left / right
            if isinstance(node.op, ast.FloorDiv):
                return Fraction(left // right)
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: floor_division_refused
# misconception: There are four operations.
# fails: gsm8k-calculator-calculate-tests
# says: // was refused
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.Div):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: whole_division
# misconception: Word problems have whole answers.
# fails: gsm8k-calculator-calculate-tests
# says: This is a whole-number division
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return Fraction(left // right)
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: left_to_right
# misconception: An expression is worked off from left to right.
# fails: gsm8k-calculator-calculate-tests
# says: You worked from left to right
def calculate(expression):
    tokens = re.findall(r"\d*\.?\d+|//|[-+*/]", expression)
    if not tokens or "".join(tokens) != expression.replace(" ", ""):
        raise ValueError("not allowed")
    result, sign = Fraction(0), "+"
    for token in tokens:
        if token in ("+", "-", "*", "/", "//"):
            sign = token
        elif sign == "+":
            result += Fraction(token)
        elif sign == "-":
            result -= Fraction(token)
        elif sign == "*":
            result *= Fraction(token)
        elif Fraction(token) == 0:
            raise ValueError("division by zero")
        else:
            result /= Fraction(token)
    return result


# %% mutant: brackets_dropped
# misconception: Brackets only group what is grouped already.
# fails: gsm8k-calculator-calculate-tests
# says: You dropped the brackets
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip().replace("(", "").replace(")", "")
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: right_to_left
# misconception: What stands on the right of a minus is calculated first.
# fails: gsm8k-calculator-calculate-tests
# says: You worked from right to left
def calculate(expression):
    text = expression.strip()
    if not re.fullmatch(r"[\d.+*/()\s-]+", text) or "**" in text:
        raise ValueError("not allowed")

    def value(part):
        depth = 0
        for signs in ("+-", "*/"):
            for i, sign in enumerate(part):
                depth += (sign == "(") - (sign == ")")
                if depth == 0 and sign in signs and i > 0 and part[i - 1] not in "+-*/":
                    left, right = value(part[:i]), value(part[i + 1 :].lstrip("/"))
                    if sign == "/" and right == 0:
                        raise ValueError("division by zero")
                    return {"+": left + right, "-": left - right, "*": left * right}.get(sign) or left / right
        if part.startswith("-"):
            return -value(part[1:])
        return value(part[1:-1]) if part.startswith("(") else Fraction(part)

    return value(text)


# %% mutant: swapped
# misconception: right comes off the stack first.
# fails: gsm8k-calculator-calculate-tests
# says: You swapped left and right
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            right, left = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: no_unary
# misconception: Numbers have no sign; minus is an operation.
# fails: gsm8k-calculator-calculate-tests
# says: It is an ast.UnaryOp
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: sign_lost
# misconception: A sign in front of a number changes nothing.
# fails: gsm8k-calculator-calculate-tests
# says: The sign in front was lost
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: all_unary_are_minus
# misconception: UnaryOp is the minus.
# fails: gsm8k-calculator-calculate-tests
# says: +5
# edit: isinstance(node.op, ast.USub): -> not isinstance(node.op, (ast.Invert, ast.Not)):


# %% mutant: inverse_and_not
# misconception: Every UnaryOp is a sign.
# fails: gsm8k-calculator-calculate-tests
# says: Of the signs in front of a number
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: no_strip
# misconception: ast.parse does not mind spaces.
# fails: gsm8k-calculator-calculate-tests
# says: Spaces around the expression
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: booleans
# misconception: isinstance(value, int) is the type check.
# fails: gsm8k-calculator-calculate-tests
# says: True is an ast.Constant
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return Fraction(int(node.value) if node.value is True else ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: strings
# misconception: A Constant is a number.
# fails: gsm8k-calculator-calculate-tests
# says: A string is an ast.Constant too
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                return Fraction(0)
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: names_are_zero
# misconception: An unknown is 0.
# fails: gsm8k-calculator-calculate-tests
# says: Names have no value
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        if isinstance(node, ast.Name):
            return Fraction(0)
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: names_raise_name_error
# misconception: A name without a value is a NameError, as in Python.
# fails: gsm8k-calculator-calculate-tests
# says: NameError
# breaks: Raises ValueError
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        if isinstance(node, ast.Name):
            raise NameError(node.id)
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: forgotten_else
# misconception: What is not handled cannot occur.
# fails: gsm8k-calculator-calculate-tests
# says: 'x+1' is refused
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        return None

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: calls_of_functions
# misconception: Functions such as round may stand in an expression.
# fails: gsm8k-calculator-calculate-tests
# says: A call must be refused
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        if isinstance(node, ast.Call):
            return value(node.args[0])
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: comparisons
# misconception: A comparison has a value, 0 or 1.
# fails: gsm8k-calculator-calculate-tests
# says: A comparison is no number
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        if isinstance(node, ast.Compare):
            return Fraction(value(node.left) < value(node.comparators[0]))
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: modulo
# misconception: The remainder is an operation too.
# fails: gsm8k-calculator-calculate-tests
# says: Only + - * / and // are allowed
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mod):
                return left % right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: powers
# misconception: ** is in the calculator too.
# fails: gsm8k-calculator-calculate-tests
# says: Powers are refused, small ones too
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Pow):
                return left**right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: small_powers
# misconception: Only large powers are a danger.
# fails: gsm8k-calculator-calculate-tests
# says: Powers are refused, small ones too
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Pow) and right < 10:
                return left**right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: else_is_division
# misconception: After plus, minus and times the rest is division.
# fails: gsm8k-calculator-calculate-tests
# says: Only + - * / and // are allowed
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: exponents
# misconception: What Python takes for a number is a number.
# fails: gsm8k-calculator-calculate-tests
# says: Refuse it as you refuse powers
# breaks: A number is digits
# edit:
#   number = ast.get_source_segment(text, node)
#   if re.fullmatch(r"\d+\.?\d*|\.\d+", number):  # 1e100000000 would never end
#       return Fraction(number)
# ->
#   return Fraction(ast.get_source_segment(text, node))


# %% mutant: endless_nesting
# misconception: A text that parses can be walked.
# fails: gsm8k-calculator-calculate-tests
# says: turn them into a ValueError
# breaks: Raises ValueError
# edit: except (SyntaxError, ZeroDivisionError, RecursionError, MemoryError) -> except (SyntaxError, ZeroDivisionError)


# %% mutant: division_by_zero
# misconception: ZeroDivisionError says best what happened.
# fails: gsm8k-calculator-calculate-tests
# says: ZeroDivisionError
# says: '1/0'
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        raise ValueError(str(error)) from None


# %% mutant: division_by_zero_is_zero
# misconception: Something divided by nothing is nothing.
# fails: gsm8k-calculator-calculate-tests
# says: '1/0' is refused
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right if right else Fraction(0)
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: syntax_error
# misconception: A text that does not parse is a SyntaxError.
# fails: gsm8k-calculator-calculate-tests
# says: not as SyntaxError
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except ZeroDivisionError as error:
        raise ValueError(str(error)) from None


# %% mutant: empty_is_zero
# misconception: An empty expression is worth nothing: 0.
# fails: gsm8k-calculator-calculate-tests
# says: An empty text has no value
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    if not text:
        return Fraction(0)
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: spaces_removed
# misconception: Spaces mean nothing: take them all out.
# fails: gsm8k-calculator-calculate-tests
# says: Two numbers beside each other
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.replace(" ", "")
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: none_for_refused
# misconception: None says that there is no value.
# fails: gsm8k-calculator-calculate-tests
# says: is refused with a ValueError
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip()
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError, ValueError) as error:
        return None


# %% mutant: commas_removed
# misconception: Commas are thousands commas here too.
# fails: gsm8k-calculator-calculate-tests
# says: '(1,2)'
# edit: text = expression.strip() -> text = expression.strip().replace(",", "")


# %% mutant: per_cent_sign
# misconception: % means divided by 100.
# fails: gsm8k-calculator-calculate-tests
# says: Only + - * / and // are allowed
def calculate(expression):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        raise ValueError("not allowed")

    text = expression.strip().replace("%", "/100*")
    try:
        return value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


# %% mutant: x_is_times
# misconception: x is a times sign.
# fails: gsm8k-calculator-calculate-tests
# says: '3x4'
# edit: text = expression.strip() -> text = re.sub(r"(?<=\d)\s*x\s*(?=\d)", "*", expression.strip())


# %% mutant: times_left_out
# misconception: 2(3+4) is a product, as in school.
# fails: gsm8k-calculator-calculate-tests
# says: '2(3+4)'
# edit:
#   raise ValueError(f"{expression!r} holds more than numbers, + - * / and brackets")
# ->
#   if isinstance(node, ast.Call) and isinstance(node.func, ast.Constant):
#       return value(node.func) * value(node.args[0])
#   raise ValueError(f"{expression!r} holds more than numbers, + - * / and brackets")


# %% mutant: toy_answer
# misconception: The example is 9*2.
# fails: gsm8k-calculator-calculate-tests
# says: '2+3*4'
def calculate(expression):
    return Fraction(18)


# %% mutant: library_call
# misconception: The course's package has a calculator.
# fails: gsm8k-calculator-calculate-tests
# says: functions of a library that ran
def calculate(expression):
    from course_utils.data.calculator import calculate as library

    return library(expression)


# %% mutant: only_parsing_can_fail
# misconception: What can be parsed can be walked through.
# fails: gsm8k-calculator-calculate-tests
# says: also where parsing it did not
# breaks: Raises ValueError for anything else
# edit:
#   text = expression.strip()
#   try:
#       return value(ast.parse(text, mode="eval").body)
#   except (SyntaxError, ZeroDivisionError, RecursionError, MemoryError) as error:
# ->
#   text = expression.strip()
#   try:
#       tree = ast.parse(text, mode="eval").body
#   except (SyntaxError, RecursionError, MemoryError) as error:
#       raise ValueError("no expression") from error
#   try:
#       return value(tree)
#   except ZeroDivisionError as error:


# %% mutant: short_texts_only
# misconception: A long text can only be an attack.
# fails: gsm8k-calculator-calculate-tests
# says: Length is no fault
# edit:
#   text = expression.strip()
# ->
#   text = expression.strip()
#   if len(text) > 200:
#       raise ValueError("too long")


# %% variant: table_of_operators
# note: The operators in a table.
import operator

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.truediv,
}


def calculate(expression):
    def walk(node):
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return Fraction(ast.get_source_segment(expression.strip(), node))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -walk(inner)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return walk(inner)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](walk(left), walk(right))
        raise ValueError(f"refused: {ast.dump(node)}")

    if any(letter.isalpha() or letter == "_" for letter in expression):
        raise ValueError("letters")
    try:
        return walk(ast.parse(expression.strip(), mode="eval").body)
    except ArithmeticError as error:
        raise ValueError("division by zero") from error
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("no expression") from error


# %% variant: recursive_descent
# note: A parser of its own, without ast.
def calculate(expression):
    tokens = re.findall(r"\d+(?:\.\d*)?|\.\d+|//|\*\*|\S", expression)
    at = 0

    def peek():
        return tokens[at] if at < len(tokens) else ""

    def take():
        nonlocal at
        at += 1
        return tokens[at - 1] if at <= len(tokens) else ""

    def total():
        result = product()
        while peek() in ("+", "-"):
            result = result + product() if take() == "+" else result - product()
        return result

    def product():
        result = signed()
        while peek() in ("*", "/", "//"):
            if take() == "*":
                result *= signed()
            else:
                divisor = signed()
                if divisor == 0:
                    raise ValueError("division by zero")
                result /= divisor
        return result

    def signed():
        token = take()
        if token in ("-", "+"):
            return -signed() if token == "-" else signed()
        if token == "(":
            result = total()
            if take() != ")":
                raise ValueError("a bracket is not closed")
            return result
        if not re.fullmatch(r"[\d.]+", token):
            raise ValueError(f"{token!r} is no number")
        return Fraction(token)

    try:
        result = total()
    except RecursionError:
        raise ValueError("too many signs or brackets") from None
    if at != len(tokens):
        raise ValueError("something is left over")
    return result


# %% variant: visitor
# note: An ast.NodeVisitor; decimals through Decimal.
from decimal import Decimal


class Calculator(ast.NodeVisitor):
    def visit_Expression(self, node):
        return self.visit(node.body)

    def visit_Constant(self, node):
        if type(node.value) not in (int, float):
            raise ValueError("no number")
        number = ast.get_source_segment(self.text, node)
        if not set(number) <= set("0123456789."):
            raise ValueError("no digits")
        return Fraction(Decimal(number))

    def visit_UnaryOp(self, node):
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise ValueError("no sign")
        return self.visit(node.operand) * (-1 if isinstance(node.op, ast.USub) else 1)

    def visit_BinOp(self, node):
        left, right, kind = self.visit(node.left), self.visit(node.right), type(node.op)
        if kind is ast.Add:
            return left + right
        if kind is ast.Sub:
            return left - right
        if kind is ast.Mult:
            return left * right
        if kind in (ast.Div, ast.FloorDiv) and right != 0:
            return left / right
        raise ValueError("no such operation")

    def generic_visit(self, node):
        raise ValueError(f"{type(node).__name__} is refused")


def calculate(expression):
    if "e" in expression.lower() or len(expression) > 500:
        raise ValueError("no exponents, and nothing endless")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"no expression: {error}") from error
    calculator = Calculator()
    calculator.text = expression.strip()
    return calculator.visit(tree)


# %% variant: checked_then_walked
# note: All nodes are checked first; // becomes / in the text.
def calculate(expression):
    text = expression.strip().replace("//", "/")
    if len(text) > 1000 or not set(text) <= set("0123456789.+-*/() "):
        raise ValueError("too long, or no arithmetic")
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ValueError("this does not parse") from None
    allowed = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.UAdd)
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise ValueError(f"{node} is not allowed")
        if isinstance(node, ast.Constant) and type(node.value) is not int and type(node.value) is not float:
            raise ValueError("numbers only")

    def value(node):
        if isinstance(node, ast.Constant):
            return Fraction(text[node.col_offset : node.end_col_offset])
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand) if isinstance(node.op, ast.USub) else value(node.operand)
        a, b = value(node.left), value(node.right)
        if isinstance(node.op, ast.Div):
            if not b:
                raise ValueError("division by zero")
            return a / b
        return a + b if isinstance(node.op, ast.Add) else a - b if isinstance(node.op, ast.Sub) else a * b

    return value(tree)


# %% mutant: eval_of_fractions
# misconception: Wrap each number in Fraction(...) and let eval do the rest: exact, and checked for letters.
# fails: gsm8k-calculator-calculate-tests
# says: eval
# breaks: Raises ValueError
def calculate(expression: str) -> Fraction:
    if not re.fullmatch(r"[\d\s.+\-*/()]+", expression) or "**" in expression:
        raise ValueError("only numbers and + - * / are allowed")
    wrapped = re.sub(r"\d+\.?\d*|\.\d+", lambda m: f"Fraction('{m[0]}')", expression.strip().replace("//", "/"))
    try:
        return eval(wrapped, {"Fraction": Fraction})
    except (SyntaxError, ZeroDivisionError, TypeError) as error:
        raise ValueError(str(error)) from error


# %% mutant: limit_denominator_of_the_float
# misconception: limit_denominator repairs what the float has lost.
# fails: gsm8k-calculator-calculate-tests
# says: float
def calculate(expression: str) -> Fraction:
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Fraction(node.value).limit_denominator(10_000)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return left / right
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return -value(node.operand) if isinstance(node.op, ast.USub) else value(node.operand)
        raise ValueError("not allowed")

    try:
        return value(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from error


# %% variant: stack_of_values
# note: Dijkstra's shunting yard: one stack of values, one of operators, no tree.
def calculate(expression: str) -> Fraction:
    tokens = re.findall(r"\d+\.?\d*|\.\d+|//|\*\*|\S", expression)
    values, operators = [], []
    ranks = {"(": 0, "+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "neg": 3, "pos": 3}

    def _apply():
        name = operators.pop()
        if name in ("neg", "pos"):
            values.append(-values.pop() if name == "neg" else values.pop())
            return
        right, left = values.pop(), values.pop()
        if name in ("/", "//"):
            values.append(left / right)
        else:
            values.append(left + right if name == "+" else left - right if name == "-" else left * right)

    wants_value = True
    try:
        if len(operators) + len(tokens) > 4000:
            raise ValueError("too deep")
        for token in tokens:
            if token[0] in ".0123456789" and token != ".":
                if not wants_value:
                    raise ValueError("two values beside each other")
                values.append(Fraction(token))
                wants_value = False
            elif token == "(":
                if not wants_value:
                    raise ValueError("a bracket behind a value")
                operators.append(token)
            elif token == ")":
                if wants_value:
                    raise ValueError("an empty bracket")
                while operators[-1] != "(":
                    _apply()
                operators.pop()
            elif wants_value and token in "+-":
                operators.append("neg" if token == "-" else "pos")
            elif not wants_value and token in ranks:
                while operators and ranks[operators[-1]] >= ranks[token]:
                    _apply()
                operators.append(token)
                wants_value = True
            else:
                raise ValueError(f"{token} is not allowed")
        if wants_value:
            raise ValueError("something is missing")
        while operators:
            if operators[-1] == "(":
                raise ValueError("a bracket is open")
            _apply()
    except (IndexError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None
    return values[0]


# %% variant: transformed_tree
# note: The tree is checked node by node and read in a loop over a list of the nodes, without recursion.
def calculate(expression: str) -> Fraction:
    text = expression.strip()
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("not an expression") from error
    order, todo, values = [], [tree], {}
    while todo:
        node = todo.pop()
        order.append(node)
        todo += [node.left, node.right] if isinstance(node, ast.BinOp) else []
        todo += [node.operand] if isinstance(node, ast.UnaryOp) else []
    if len(order) > 5000:
        raise ValueError("too deep")
    for node in reversed(order):
        if isinstance(node, ast.Constant):
            source = ast.get_source_segment(text, node)
            if not source.replace(".", "", 1).isdecimal():
                raise ValueError(source)
            values[node] = Fraction(source)
        elif isinstance(node, ast.UnaryOp) and type(node.op) in (ast.UAdd, ast.USub):
            values[node] = values[node.operand] * (1 if type(node.op) is ast.UAdd else -1)
        elif isinstance(node, ast.BinOp):
            a, b, kind = values[node.left], values[node.right], type(node.op)
            if kind in (ast.Div, ast.FloorDiv):
                if b == 0:
                    raise ValueError("division by zero")
                values[node] = a / b
            elif kind in (ast.Add, ast.Sub, ast.Mult):
                values[node] = a + b if kind is ast.Add else a - b if kind is ast.Sub else a * b
            else:
                raise ValueError("operator")
        else:
            raise ValueError("node")
    if values[tree] is None or len(order) > 2500:
        raise ValueError("too deep")
    return values[tree]


# %% mutant: digits_behind_the_point
# misconception: A point has digits behind it.
# fails: gsm8k-calculator-calculate-tests
# says: the value of '7.'
# edit: r"\d+\.?\d*|\.\d+" -> r"\d+(\.\d+)?|\.\d+"
