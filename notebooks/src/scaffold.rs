//! What an author begins with: a course without units, and a unit that holds one of everything
//! and is right as it stands.

/// `course.toml` of a course with one set.
pub fn course(title: &str, set: &str) -> String {
    format!(
        "# What this course is made of; `cellist notebooks --help` says what can be done with it.\n\
         title = \"{title}\"\n\n\
         # A set is a folder of notebooks; a notebook holds one unit or more, in their order.\n\
         [[set]]\nid = \"{set}\"\ntitle = \"{title}\"\n"
    )
}

/// A title from a name: "Coffee shop" from `coffee-shop`.
pub fn title(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A unit's file. It verifies as it stands; its author replaces it part by part, and stays right
/// all the way.
pub fn unit(id: &str, title: &str) -> String {
    // In YAML a text in double quotes is written as in JSON.
    let quoted = serde_json::Value::from(title).to_string();
    UNIT.replace("UNIT-ID", id).replace("\"UNIT-TITLE\"", &quoted).replace("UNIT-TITLE", title)
}

const UNIT: &str = r#"---
id: UNIT-ID
title: "UNIT-TITLE"
clock: virtual
difficulty: beginner
minutes: 20
---
# UNIT-TITLE
Say in one screen why this matters, and what a learner can do after it. This text, and everything below, is
an example that is right as it stands: replace it part by part, and run `cellist notebooks verify UNIT-ID`
after each.

```instructor
What to watch for, and about how long it takes. Only instructors see this.
```

## An example that runs
```python {example}
import asyncio

async def boil(minutes):
    await asyncio.sleep(minutes)
    return f"boiled for {minutes}"

print(await boil(1))
```

## Predict, then run
```quiz {id=predict points=1}
Two eggs, 3 and 5 minutes, in the pan together. When are both done?
- [ ] after 8 minutes > that is one after the other
- [x] after 5 minutes > they wait at the same time; the longest wait decides
- [ ] after 3 minutes > then only the first is done
```

```quiz {id=left points=1}
A third egg of 4 minutes goes into the pan 2 minutes after the others. How many minutes after them is it done?
= 6 > it begins at 2, whatever the others do
!= 4 > so long it takes; but when does it begin?
!= ... > when does it begin, and how long does it take?
```

## Your turn
Write `breakfast(minutes)`: it boils one egg for each number, all at once, and returns the results in order.

```python {exercise id=breakfast}
async def breakfast(minutes):
    ### BEGIN SOLUTION stub=...
    return await asyncio.gather(*(boil(m) for m in minutes))
    ### END SOLUTION
```

```python {check id=results points=2}
#| hint: breakfast([3, 5]) gave {t.result!r}. Return what gather returns.
t = lab.run("breakfast", [3, 5])
assert t.result == ["boiled for 3", "boiled for 5"]
```

```python {check id=together points=2}
#| hint: Eggs of 1, 2 and 4 minutes took {t.elapsed:g} s; all at once they take 4.
t = lab.run("breakfast", [1, 2, 4])
assert t.elapsed == 4
```

```python {check id=any-number points=1 hidden}
#| hint: breakfast([2] * 5) gave {t.result!r}. Boil as many eggs as there are numbers.
t = lab.run("breakfast", [2] * 5)
assert t.result == ["boiled for 2"] * 5
```

```python {check id=hygiene points=1 guard}
#| hint: {t.problems}
t = lab.run("breakfast", [1, 2])
assert not t.problems
```

Known wrong solutions, each a patch of the right one with the checks that it must fail:

```diff {mutant id=sequential fails=together}
-    return await asyncio.gather(*(boil(m) for m in minutes))
+    return [await boil(m) for m in minutes]
```

```diff {mutant id=two-eggs-only fails=together,any-number}
-    return await asyncio.gather(*(boil(m) for m in minutes))
+    return await asyncio.gather(boil(minutes[0]), boil(minutes[1]))
```

```diff {mutant id=forgotten fails=results,together,any-number,hygiene}
-    return await asyncio.gather(*(boil(m) for m in minutes))
+    [asyncio.create_task(boil(m)) for m in minutes]
```

## Look back
```reflect {id=why points=2 manual}
Why does `gather` wait as long as the longest egg, and not as long as all of them together?

Rubric: the waits overlap; one thread; it is suspended at each `await`.
```

```glossary
gather: runs awaitables concurrently and returns their results in the order of its arguments
```
"#;
