//! What the cycle collector has to know of a class in Rust.

/// Lets the collector see the named fields of a struct: all that hold Python objects.
macro_rules! traverse {
    ($class:ident: $($field:tt),+) => {
        #[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
        // SAFETY: every reference owned is visited once, and none is cloned.
        unsafe impl rustpython_vm::object::Traverse for $class {
            fn traverse(&self, visit: &mut rustpython_vm::object::TraverseFn<'_>) {
                $(rustpython_vm::object::Traverse::traverse(&self.$field, visit);)+
            }

            fn clear(&mut self, out: &mut Vec<rustpython_vm::PyObjectRef>) {
                $(rustpython_vm::object::Traverse::clear(&mut self.$field, out);)+
            }
        }
    };
}
