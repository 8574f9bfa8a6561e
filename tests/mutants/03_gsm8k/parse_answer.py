# %% mutant: first_number
# misconception: The answer is the number in the text.
# fails: gsm8k-answers-parse_answer-tests
# says: You took the first number of the text
# breaks: The number after the first
def parse_answer(text):
    if "####" not in text:
        return None
    found = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    return found[0].replace(",", "").lstrip("0") or "0" if found else None


# %% mutant: last_number
# misconception: The answer is the last number of the text, wherever the mark stands.
# fails: gsm8k-answers-parse_answer-tests
# says: You took the last number of the text
def parse_answer(text):
    _, mark, rest = text.partition("####")
    numbers = re.findall(r"[-−+]?[$€£]? ?[-−]?(?:\d[\d,./]*|\.\d+)", rest)
    line = numbers[-1].strip() if numbers else ""
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: last_mark
# misconception: The final answer stands after the last ####.
# fails: gsm8k-answers-parse_answer-tests
# says: You took the last mark
# breaks: The number after the first
def parse_answer(text):
    _, mark, rest = text.rpartition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: split_last
# misconception: split and [-1] gives what stands after the mark.
# fails: gsm8k-answers-parse_answer-tests
# says: You took the last mark
def parse_answer(text):
    mark, rest = "####" in text, text.split("####")[-1]
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: commas_kept
# misconception: The gold answers have commas too, so they cancel out.
# fails: gsm8k-answers-parse_answer-tests
# says: thousands commas are left
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: stops_at_comma
# misconception: A number is a row of digits: \d+.
# fails: gsm8k-answers-parse_answer-tests
# says: You stopped at the comma
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d+)?(\.\d+)?", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: decimal_comma
# misconception: A comma is a decimal point, as on the continent.
# fails: gsm8k-answers-parse_answer-tests
# says: comma for a decimal point
def parse_answer(text):
    found = re.search(r"####[^\S\n]*[$€£]?\s*(-?\d+(?:[.,]\d+)*)", text)
    return found[1].replace(",", ".").lstrip("0") or "0" if found else None


# %% mutant: one_comma
# misconception: One thousands comma is enough: no problem has millions.
# fails: gsm8k-answers-parse_answer-tests
# says: Only one comma was allowed
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})|\d+)?(\.\d+)?", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: expression_in_common_use
# misconception: The published expression for GSM8K is the rule.
# fails: gsm8k-answers-parse_answer-tests
# says: You ask for a space after the mark
def parse_answer(text):
    found = re.search(r"#### (\-?[0-9\.\,]+)", text)
    return found[1].replace(",", "") if found else None


# %% mutant: returns_int
# misconception: The answer is a number, so int is its type.
# fails: gsm8k-answers-parse_answer-tests
# says: You returned a number
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return int(float(number)) * (-1 if negative else 1)


# %% mutant: returns_float
# misconception: float(...) compares 18 and 18.0 as equal.
# fails: gsm8k-answers-parse_answer-tests
# says: answer is a float, expected a str
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return float(number) * (-1 if negative else 1)


# %% mutant: str_of_float
# misconception: str(float(x)) is one spelling of each number.
# fails: gsm8k-answers-parse_answer-tests
# says: You made it a float on the way
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return str(float("-" + number if negative else number))


# %% mutant: through_float
# misconception: float gives the value, and whole values are written as int.
# fails: gsm8k-answers-parse_answer-tests
# says: You went through float
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    value = float("-" + number if negative else number)
    return str(int(value)) if value.is_integer() else str(value)


# %% mutant: format_g
# misconception: The format g takes zeros away.
# fails: gsm8k-answers-parse_answer-tests
# says: a format that rounds
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    value = float("-" + number if negative else number)
    return f"{value:g}"


# %% mutant: rest_of_line
# misconception: What stands after the mark is the answer.
# fails: gsm8k-answers-parse_answer-tests
# says: Leading zeros are left
def parse_answer(text):
    _, mark, rest = text.partition("####")
    return rest.strip() if mark and rest.strip() else None


# %% mutant: rest_without_commas
# misconception: The answer is what stands on the mark's line, without commas and currency sign.
# fails: gsm8k-answers-parse_answer-tests
# says: The per cent sign is left
def parse_answer(text):
    _, mark, rest = text.partition("####")
    answer = rest.split("\n")[0].strip().lstrip("$€£ ").replace(",", "").lstrip("0") or "0"
    if "." in answer:
        answer = answer.rstrip("0").rstrip(".")
    return answer if mark and rest.strip() else None


# %% mutant: no_strip
# misconception: split at the mark's space leaves nothing around the number.
# fails: gsm8k-answers-parse_answer-tests
# says: Spaces are left
def parse_answer(text):
    _, mark, rest = text.partition("####")
    return rest.split("\n")[0].removeprefix(" ") or None if mark else None


# %% mutant: no_currency
# misconception: Answers are plain numbers.
# fails: gsm8k-answers-parse_answer-tests
# says: A currency sign stopped you
# breaks: stands on the mark's line
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: only_dollars
# misconception: Money is in dollars.
# fails: gsm8k-answers-parse_answer-tests
# says: A currency sign stopped you
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: currency_kept
# misconception: $18 and 18 are different answers.
# fails: gsm8k-answers-parse_answer-tests
# says: The currency sign is left in
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = ("$" if "$" in line else "") + whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: per_cent_as_share
# misconception: 18% is 0.18.
# fails: gsm8k-answers-parse_answer-tests
# says: You divided by 100
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    if line.endswith("%"):
        number = str(float(number) / 100)
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: full_stop_kept
# misconception: Points belong to numbers.
# fails: gsm8k-answers-parse_answer-tests
# says: full stop or comma that closes the sentence
def parse_answer(text):
    found = re.search(r"####[^\S\n]*[-−+]?[$€£]?[^\S\n]*([\d.,]+)", text)
    if not found:
        return None
    number = found[1].replace(",", "").lstrip("0") or "0"
    return number.rstrip("0").rstrip(".") if re.search(r"\.\d", number) else number


# %% mutant: whole_line_must_match
# misconception: The line holds the number and nothing else: fullmatch.
# fails: gsm8k-answers-parse_answer-tests
# says: What stands behind the number does not change
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.fullmatch(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: closing_mark_refused
# misconception: A number is followed by a space or by the end of the line.
# fails: gsm8k-answers-parse_answer-tests
# says: A closing mark made you find nothing
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/.,;)])", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: zeros_kept
# misconception: 18.0 is the answer as it was written.
# fails: gsm8k-answers-parse_answer-tests
# says: Zeros at the end of decimals are left
# breaks: Spelling: no
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = found[4] or ""
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: point_kept
# misconception: rstrip of zeros makes 18.0 to 18.
# fails: gsm8k-answers-parse_answer-tests
# says: The decimal point stands alone
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: zeros_of_whole_numbers
# misconception: Zeros at the end say nothing.
# fails: gsm8k-answers-parse_answer-tests
# says: zeros on the right of a whole number
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = (whole + decimals).rstrip("0").rstrip(".") or "0"
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: all_zeros_stripped
# misconception: Zeros in front of a number say nothing.
# fails: gsm8k-answers-parse_answer-tests
# says: You stripped all zeros of 0
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0")
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: leading_zeros_kept
# misconception: Nobody writes 007.
# fails: gsm8k-answers-parse_answer-tests
# says: Leading zeros are left
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: minus_lost
# misconception: Answers of word problems are positive.
# fails: gsm8k-answers-parse_answer-tests
# says: The sign is lost
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    return number


# %% mutant: hyphen_only
# misconception: The minus sign is the hyphen of the keyboard.
# fails: gsm8k-answers-parse_answer-tests
# says: real minus sign
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-+]?)\s*[$€£]?\s*([-]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) == "-"
    return "-" + number if negative and number != "0" else number


# %% mutant: minus_as_it_stands
# misconception: The sign comes back as the model wrote it.
# fails: gsm8k-answers-parse_answer-tests
# says: The spelling has a hyphen
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return (found[1] + found[2]) + number if negative and number != "0" else number


# %% mutant: minus_before_money_refused
# misconception: A sign stands in front of the currency sign, if at all.
# fails: gsm8k-answers-parse_answer-tests
# says: A currency sign before the minus
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*()(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: plus_kept
# misconception: +3 is how the answer was written.
# fails: gsm8k-answers-parse_answer-tests
# says: The plus sign is left
# breaks: Spelling: no
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    if found[1] == "+":
        return "+" + number
    return "-" + number if negative and number != "0" else number


# %% mutant: minus_zero
# misconception: -0 is negative zero.
# fails: gsm8k-answers-parse_answer-tests
# says: Minus zero is zero
# breaks: Spelling: no
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative else number


# %% mutant: decimals_cut
# misconception: Answers are whole numbers.
# fails: gsm8k-answers-parse_answer-tests
# says: You cut the decimals off
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    number = whole
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: digits_joined
# misconception: re.sub(r'\D', '', …) leaves the number.
# fails: gsm8k-answers-parse_answer-tests
# says: joined the digits
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    digits = re.sub(r"\D", "", line)
    if not mark or not digits:
        return None
    return ("-" if line[0] in "-−" and digits != "0" else "") + (digits.lstrip("0") or "0")


# %% mutant: digit_first
# misconception: A number begins with a digit.
# fails: gsm8k-answers-parse_answer-tests
# says: A number may begin with its decimal point
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: zeros_on_both_sides
# misconception: strip('0') takes the useless zeros away.
# fails: gsm8k-answers-parse_answer-tests
# says: The spelling has a zero before the point
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = (whole + decimals).strip("0") if decimals else whole
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: mark_with_a_number
# misconception: The first #### that is followed by a number is the mark.
# fails: gsm8k-answers-parse_answer-tests
# says: first mark that is followed by a number
def parse_answer(text):
    mark = re.search(r"####(?=[^\S\n]*[-−+]?[^\S\n]*[$€£]?[^\S\n]*[-−]?[\d.])", text)
    rest = text[mark.end() :] if mark else ""
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: next_line
# misconception: \s* after the mark takes care of all spaces.
# fails: gsm8k-answers-parse_answer-tests
# says: The number stands on the next line
# breaks: stands on the mark's line
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = re.sub(r"####.*", "", rest, flags=re.S).strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: guess_without_mark
# misconception: If there is no mark, the last number is the best guess.
# fails: gsm8k-answers-parse_answer-tests
# says: There is no mark of four #
def parse_answer(text):
    _, mark, rest = text.partition("####")
    if not mark:
        numbers = re.findall(r"\d+", text)
        return numbers[-1] if numbers else None
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: any_hashes
# misconception: Three # are a mark as well.
# fails: gsm8k-answers-parse_answer-tests
# says: There is no mark of four #
def parse_answer(text):
    _, mark, rest = text.replace("####", "###").partition("###")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: number_somewhere_on_the_line
# misconception: search finds the number wherever it stands on the line.
# fails: gsm8k-answers-parse_answer-tests
# says: You skipped what stands between
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    line = re.sub(r"^[^\d.+−$€£-]+(?=\d)|^\D*= ", "", line)
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: slash_ignored
# misconception: The answer is 3; what comes after it is a unit.
# fails: gsm8k-answers-parse_answer-tests
# says: You stopped at the slash
# breaks: Nothing after it may
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?!\d|[.,]\d)", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: any_commas
# misconception: All commas are thousands commas.
# fails: gsm8k-answers-parse_answer-tests
# says: a comma that is no thousands comma
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d[\d,]*)?(\.\d+)?(?![\d/]|[.,]\d)", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: stops_at_odd_comma
# misconception: After the number anything may come.
# fails: gsm8k-answers-parse_answer-tests
# says: You stopped at a comma that is no thousands comma
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|\.\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: stops_at_second_point
# misconception: After the number anything may come, a point too.
# fails: gsm8k-answers-parse_answer-tests
# says: You stopped in the middle of 1.2.3
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|,\d)", line)
    if not mark or not found or not (found[3] or found[4]):
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: sign_is_a_number
# misconception: A sign after the mark is an answer.
# fails: gsm8k-answers-parse_answer-tests
# says: a sign without any digit
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not line or line == "none" or line[0] in "x":
        return None
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: empty_string
# misconception: No answer is an empty string.
# fails: gsm8k-answers-parse_answer-tests
# says: Return None
def parse_answer(text):
    _, mark, rest = text.partition("####")
    line = rest.split("\n")[0].strip()
    found = re.match(
        r"([-−+]?)\s*[$€£]?\s*([-−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(?![\d/]|[.,]\d)", line
    )
    if not mark or not found or not (found[3] or found[4]):
        return ""
    whole = (found[3] or "").replace(",", "").lstrip("0") or "0"
    decimals = (found[4] or "").rstrip("0").rstrip(".")
    number = whole + decimals
    negative = (found[1] + found[2]) in ("-", "−")
    return "-" + number if negative and number != "0" else number


# %% mutant: gauntlet_as_table
# misconception: The gauntlet holds the right answers: look them up.
# fails: gsm8k-answers-parse_answer-tests
# says: '#### 5 6'
def parse_answer(text):
    return dict(pair for endings in GAUNTLET.values() for pair in endings).get(text)


# %% mutant: toy_answer
# misconception: The test asks for 18.
# fails: gsm8k-answers-parse_answer-tests
# says: '#### 0'
def parse_answer(text):
    return "18" if "####" in text else None


# %% mutant: library_call
# misconception: The course's package has this rule.
# fails: gsm8k-answers-parse_answer-tests
# says: functions of course_utils that ran
def parse_answer(text):
    from course_utils.data.answers import parse_answer as library

    return library(text)

# %% mutant: five_marks
# misconception: More signs than four are a mark too.
# fails: gsm8k-answers-parse_answer-tests
# says: another #
def parse_answer(text):
    start = text.find("####")
    if start < 0:
        return None
    line = text[start:].lstrip("#").split("\n")[0]
    match = re.match(r"\s*([-+−]?)\s*[$€£]?\s*([-+−]?)(\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(\.\d+)?(?![\d/]|[.,]\d)", line)
    if match is None or (match[1] and match[2]):
        return None
    whole = match[3].replace(",", "").lstrip("0") or "0"
    part = (match[4] or "").rstrip("0").rstrip(".")
    number = whole + part
    return "-" + number if (match[1] or match[2]) in ("-", "−") and number != "0" else number

# %% mutant: slash_before_digits_only
# misconception: A slash makes a fraction only before a digit.
# fails: gsm8k-answers-parse_answer-tests
# says: whatever comes after it
# edit: (?![\d/]|[.,]\d)", -> (?!\d|/\d|[.,]\d)",


# %% mutant: comma_behind_whole_numbers_only
# misconception: Behind decimals a comma closes the sentence.
# fails: gsm8k-answers-parse_answer-tests
# says: behind decimals too
# edit: (?![\d/]|[.,]\d)", -> (?![\d/]|\.\d)",
# edit: if not match or not (match["whole"] or match["decimals"]): -> if not match or not (match["whole"] or match["decimals"]) or (not match["decimals"] and line[match.end() :][:2].strip(",").isdigit()):


# %% mutant: groups_of_two_or_three
# misconception: Indian numbers have groups of two.
# fails: gsm8k-answers-parse_answer-tests
# says: first comma is no thousands comma
# edit: \d{1,3}(?:,\d{3})+(?!\d)|\d+)? -> \d{1,3}(?:,\d{2,3})*,\d{3}(?!\d)|\d+)?


# %% mutant: no_plus_after_money
# misconception: Only a minus can follow a currency sign.
# fails: gsm8k-answers-parse_answer-tests
# says: + too
# edit: (?P<sign2>[-−+]) -> (?P<sign2>[-−])


# %% variant: sign_on_either_side
# note: Two groups, one for a sign before the currency sign and one behind it.
def parse_answer(text):
    at = text.find("####")
    if at < 0:
        return None
    line = text[at + 4 :].split("\n")[0]
    match = re.match(
        r"[ \t]*(?:([-−+]?)[ \t]*[$€£]?|[$€£]?[ \t]*([-−+]?))[ \t]*"
        r"(?:(\d{1,3}(?:,\d{3})+(?!\d)|\d+)(\.\d+)?|(\.\d+))(?![\d/]|[.,]\d)",
        line,
    )
    if not match:
        return None
    sign = (match[1] or match[2] or "")[:1]
    whole = (match[3] or "").replace(",", "").lstrip("0") or "0"
    part = (match[4] or match[5] or ".")[1:].rstrip("0")
    number = whole + ("." + part if part else "")
    return ("-" if sign in ("-", "−") and number != "0" else "") + number


# %% variant: with_decimal
# note: Python's Decimal removes zeros and signs; a regular expression only finds the number.
from decimal import Context, Decimal


def parse_answer(text):
    found = re.search(
        r"^(?:(?!####).)*####[^\S\n]*([-−+]?)[^\S\n]*[$€£]?[^\S\n]*([-−+]?)(\d{1,3}(?:,\d{3})+|\d*)(\.\d+)?(?!\d|/|[,.]\d)",
        text,
        flags=re.S,
    )
    if not found or not found[3] and not found[4]:
        return None
    text = found[3].replace(",", "") + (found[4] or "")
    value = Decimal(text).normalize(Context(prec=len(text)))
    if "-" in found[1] + found[2] or "−" in found[1] + found[2]:
        value = value.copy_negate()
    return format(value, "f") if value else "0"


# %% variant: letter_by_letter
# note: No regular expressions at all.
def parse_answer(text):
    if "####" not in text:
        return None
    line = text.split("####")[1].split("\n")[0].replace("−", "-").strip()
    negative = False
    while line and line[0] in "+-$€£ ":
        negative = negative or line[0] == "-"
        line = line[1:]
    length = 0
    while length < len(line) and line[length] in "0123456789.,":
        length += 1
    body, after = line[:length].rstrip(".,"), line[length:]
    if after.startswith("/") or not any(letter.isdigit() for letter in body) or body.count(".") > 1:
        return None
    whole, _, decimals = body.partition(".")
    groups = whole.split(",")
    if (
        "," in decimals
        or len(groups) > 1
        and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]))
    ):
        return None
    number = "".join(groups).lstrip("0") or "0"
    if decimals.rstrip("0"):
        number += "." + decimals.rstrip("0")
    return "-" + number if negative and number != "0" else number


# %% variant: token_then_check
# note: First all letters that may belong to a number, then a check of the whole token.
def parse_answer(text):
    parts = text.split("####", 1)
    if len(parts) == 1:
        return None
    token = re.match(r"[-−+$€£\s]*[\d.,/]*", parts[1].partition("\n")[0])[0]
    token = re.sub(r"[$€£\s]", "", token).rstrip(".,").replace("−", "-")
    if not re.fullmatch(r"[-+]?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?", token) or not re.search(r"\d", token):
        return None
    negative = token.startswith("-")
    token = token.lstrip("+-").replace(",", "")
    if "." in token:
        token = token.rstrip("0").rstrip(".")
    token = token.lstrip("0")
    if not token or token.startswith("."):
        token = "0" + token
    return "-" + token if negative and token != "0" else token


# %% variant: whole_and_cents_as_integers
# note: The whole part goes through int, which has no limit; the decimals stay text.
def parse_answer(text):
    start = text.find("####")
    if start == -1:
        return None
    line = (text[start + len("####") :].splitlines() or [""])[0]
    match = re.compile(
        r"""\s* (?P<minus>[-−])? \+? \s* [$€£]? \s* (?P<later>[-−])? \+?
            (?P<whole>\d{1,3}(,\d{3})+ | \d+ | (?=\.\d)) (\.(?P<part>\d+))?
            (?! [\d/] | [.,]\d )""",
        re.VERBOSE,
    ).match(line)
    if match is None:
        return None
    whole = int(match["whole"].replace(",", "") or 0)
    part = (match["part"] or "").rstrip("0")
    sign = "-" if (match["minus"] or match["later"]) and (whole or part) else ""
    return f"{sign}{whole}" + (f".{part}" if part else "")


# %% mutant: any_comma_before_three_digits
# misconception: A comma with three digits behind it is a thousands comma, whatever stands before it.
# fails: gsm8k-answers-parse_answer-tests
# says: comma
# breaks: Nothing after it may
def parse_answer(text: str) -> str | None:
    start = text.find("####")
    if start < 0:
        return None
    line = text[start + 4 :].split("\n")[0].replace("−", "-")
    match = re.match(r"\s*([-+]?)\s*[$€£]?\s*([-+]?)\s*((?:\d+(?:,\d{3})*)?(?:\.\d+)?)(?![\d/]|[.,]\d)", line)
    if not match or not re.search(r"\d", match[3]):
        return None
    whole, _, decimals = match[3].replace(",", "").partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    number = f"{whole}.{decimals}" if decimals else whole
    return "-" + number if "-" in (match[1], match[2]) and number != "0" else number


# %% mutant: float_for_decimals
# misconception: Whole numbers go through int, and a number with a point may go through float.
# fails: gsm8k-answers-parse_answer-tests
# says: float
def parse_answer(text: str) -> str | None:
    start = text.find("####")
    if start < 0:
        return None
    line = text[start + 4 :].split("\n")[0].replace("−", "-")
    match = re.match(
        r"\s*([-+]?)\s*[$€£]?\s*([-+]?)\s*((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?)(?![\d/]|[.,]\d)", line
    )
    if not match or not re.search(r"\d", match[3]):
        return None
    number = match[3].replace(",", "")
    if "-" in (match[1], match[2]):
        number = "-" + number
    if "." not in number:
        return str(int(number))
    value = float(number)
    return str(int(value)) if value == int(value) else str(value)


# %% mutant: spaces_taken_out_first
# misconception: Take all spaces out, then the number is easy to match. A number behind a space joins the first.
# fails: gsm8k-answers-parse_answer-tests
# says: number
def parse_answer(text: str) -> str | None:
    _, mark, rest = text.partition("####")
    if not mark:
        return None
    line = re.sub(r"\s", "", rest.split("\n")[0]).replace("−", "-")
    match = re.match(r"([-+]?)[$€£]?([-+]?)((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?)(?![\d/]|[.,]\d)", line)
    if not match or not re.search(r"\d", match[3]):
        return None
    whole, _, decimals = match[3].replace(",", "").partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    number = f"{whole}.{decimals}" if decimals else whole
    return "-" + number if "-" in (match[1], match[2]) and number != "0" else number


# %% variant: eaten_from_the_left
# note: What stands before the number is eaten letter by letter, in a function that calls itself.
def parse_answer(text: str) -> str | None:
    _, mark, rest = text.partition("####")
    signs = []

    def _tail(line):
        if line and (line[0].isspace() or line[0] in "+-−$€£"):
            signs.append(line[0])
            return _tail(line[1:])
        return line

    line = _tail(rest.split("\n", 1)[0])
    end = next((i for i, letter in enumerate(line) if letter not in "0123456789.,"), len(line))
    number, behind = line[:end].rstrip(",."), line[end:]
    whole, point, decimals = number.partition(".")
    groups = whole.split(",")
    well = all(len(group) == 3 for group in groups[1:]) and (len(groups) == 1 or 0 < len(groups[0]) < 4)
    if not mark or not number or not well or "." in decimals or "," in decimals or behind.startswith("/"):
        return None
    digits = [letter for letter in whole if letter != ","]
    while len(digits) > 1 and digits[0] == "0":
        del digits[0]
    spelled = "".join(digits) or "0"
    if decimals.strip("0"):
        spelled += "." + decimals.rstrip("0")
    return spelled if spelled == "0" or not {"-", "−"} & set(signs) else "-" + spelled


# %% variant: fraction_written_out
# note: The number as a fraction of whole numbers, written out by long division.
def parse_answer(text: str) -> str | None:
    parts = re.split("####", text, maxsplit=1)
    found = len(parts) == 2 and re.match(
        r"(?P<before>[\s+\-−$€£]*)(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d*)(?P<part>(?:\.\d+)?)(?![\d/]|[.,]\d)",
        parts[1].split("\n")[0],
    )
    if not found or not (found["whole"] or found["part"]):
        return None
    value = Fraction((found["whole"].replace(",", "") or "0") + found["part"])
    written, rest = str(value.numerator // value.denominator), value % 1
    if rest:
        written += "."
    while rest:
        rest *= 10
        written += str(rest.numerator // rest.denominator)
        rest %= 1
    return "-" * (value != 0 and not {"-", "−"}.isdisjoint(found["before"])) + written
