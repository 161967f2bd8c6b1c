//! Courses made for a test.

use cellist_notebooks::course::Course;
use cellist_notebooks::diagnostic::Diagnostic;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A small unit that has one of everything.
pub(crate) const SMALL: &str = "---
id: small
title: Small
clock: virtual
---
# Twice
Double a number.

```python {example}
print(1 + 1)
```

```python {exercise id=twice}
def twice(n):
    ### BEGIN SOLUTION stub=return ...
    return 2 * n
    ### END SOLUTION
```

```python {check id=doubles points=2}
#| hint: twice(3) gave {got!r}; multiply.
got = lab.run(\"twice\", 3).result
assert got == 6
```

```python {check id=secret points=1.5 hidden}
assert lab.run(\"twice\", -1).result == -2
```

```python {check id=quiet points=1 guard}
assert lab.run(\"twice\", 1).lines == []
```

```diff {mutant id=adds fails=doubles,secret}
-    return 2 * n
+    return 2 + n
```

```diff {mutant id=prints fails=quiet}
-    return 2 * n
+    print(n)
+    return 2 * n
```

```quiz {id=guess points=1}
What is `twice('a')`?
- [ ] an error > strings can be multiplied
- [x] `'aa'` > a string times 2 is the string
  and once more the string
```

```quiz {id=half points=1}
How much is `twice(2.5)`?
= 5 > two times 2.5
!= 2.52.5 > so it would be with `'2.5'`,
  a string
!= ... > double the number
```

```reflect {id=why points=2 manual}
Why?

Rubric: because.
```

```instructor
Two minutes.
```

```glossary
twice: two times
```
";

/// A folder with a course in it.
pub(crate) struct CourseFolder {
    folder: TempDir,
}

impl CourseFolder {
    /// A course of one notebook, `set/a.ipynb`, with the unit `small`.
    pub(crate) fn small() -> Self {
        let course = Self::new(
            "title = \"T\"\n[[set]]\nid = \"set\"\ntitle = \"Set\"\n\
             [[notebook]]\nfile = \"set/a.ipynb\"\nunits = [\"small\"]\n",
        );
        course.unit("track/small.md", SMALL);
        course
    }

    /// A course with this `course.toml` and no units.
    pub(crate) fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("course/units")).unwrap();
        std::fs::write(folder.path().join("course/course.toml"), toml).unwrap();
        Self { folder }
    }

    /// Writes a unit's file, `track/unit.md`.
    pub(crate) fn unit(&self, file: &str, text: &str) {
        let path = self.dir().join("units").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The course's folder.
    pub(crate) fn dir(&self) -> PathBuf {
        self.path("course")
    }

    /// A path beside the course.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Course {
        Course::load(&self.dir()).unwrap()
    }

    /// The course's problems as an author reads them.
    pub(crate) fn problems(&self) -> String {
        let problems = Course::load(&self.dir()).expect_err("the course has no problem");
        render(&problems).replace(&self.folder.path().display().to_string(), "")
    }
}

/// Problems as an author reads them.
pub(crate) fn render(problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// This crate's folder.
pub(crate) fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
