# Reads tests as they lie into cases: what each is worth, and the source of a check that runs it. The
# answer is a JSON text, handed out in pieces as the texts of exceptions.
def _describe(raw):
    import ast
    import doctest
    import json
    import re

    from cellist.otter import test_files

    class WithoutAnnotations(ast.NodeTransformer):
        def visit(self, node):
            self.generic_visit(node)
            for name in ("annotation", "returns"):
                if hasattr(node, name):
                    setattr(node, name, None)
            if hasattr(node, "type_params"):
                node.type_params = []
            if isinstance(node, ast.AnnAssign):
                if node.value is None:
                    return ast.copy_location(ast.Pass(), node)
                return ast.copy_location(ast.Assign([node.target], node.value), node)
            return node

    def prompts(source):
        lines = []
        for line in filter(None, ast.unparse(WithoutAnnotations().visit(ast.parse(source))).split("\n")):
            goes_on = (line[0] in " \t" or re.match(r"except[\s\w]*:|elif |else:|finally:", line)
                       or lines and lines[-1].strip().endswith("\\"))
            lines.append(("... " if goes_on else ">>> ") + line)
        return lines

    def from_cells(question):
        # Otter knows test functions by their names: of equal ones the last is run.
        found = {}
        for number, cell in enumerate(question["cells"]):
            name = f"{question['name']} - {number + 1}"
            about = [cell["hidden"], cell["points"], cell["success_message"], cell["failure_message"]]
            if question["ok_format"]:
                text = "\n".join([*prompts(cell["source"]), *cell["output"].split("\n")])
                found[name] = test_files.ok_case(name, text, *about)
            else:
                body = ast.parse(cell["source"]).body
                if len(body) > 2 or not isinstance(body[0], ast.FunctionDef):
                    raise ValueError("an exception-based test cell holds one function, and at most a call of it")
                source = f"from otter.test_files import test_case\n\n@test_case()\n{ast.unparse(body[0])}\n"
                found[body[0].name] = test_files.function_case(name, source, 0, *about)
        points = question["points"]
        if isinstance(points, dict):
            points = points.get("each", 1) * len(question["cells"])
        return test_files.TestFile(question["name"], list(found.values()), points, question["all_or_nothing"])

    def code(check):
        # What a check hands over is literal.
        call = ast.parse(check).body[0].value
        if call.func.attr == "doctest":
            examples = doctest.DocTestParser().get_examples(ast.literal_eval(call.args[1]))
            return "".join(example.source for example in examples)
        return ast.literal_eval(call.args[0])

    def described(question):
        name = question["name"]
        try:
            if question["kind"] == "file":
                tests = test_files.read(question["text"], name)
            elif question["kind"] == "metadata":
                tests = test_files.from_metadata(question["spec"], question["ok_format"], name)
            else:
                tests = from_cells(question)
        except ImportError as error:
            return {"name": name, "error": f"No module named '{error.name}'", "missing": error.name}
        except Exception as error:
            return {"name": name, "error": f"{type(error).__name__}: {error}"}
        found = [{"points": case.points, "hidden": case.hidden, "check": case.check, "code": code(case.check),
                  "failure_message": None if case.failure_message is None else str(case.failure_message)}
                 for case in tests.test_cases]
        return {"name": name, "all_or_nothing": tests.all_or_nothing, "cases": found}

    return json.dumps([described(question) for question in raw])
