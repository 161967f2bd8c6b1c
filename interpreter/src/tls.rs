//! TLS: which cryptography `ssl` is made of. RustPython leaves that to the embedder.

use rustpython_vm::VirtualMachine;

/// An initialisation hook: gives the module `ssl` its cryptography.
pub(crate) fn install(_vm: &mut VirtualMachine) {
    use rustls::crypto::ring;
    use rustpython_stdlib::ssl::providers::CryptoExt;

    let extension = CryptoExt {
        all_cipher_suites: Some(ring::ALL_CIPHER_SUITES),
        default_cipher_suites: Some(ring::DEFAULT_CIPHER_SUITES),
        all_kx_groups: Some(ring::ALL_KX_GROUPS),
        any_supported_key: Some(ring::sign::any_supported_type),
        ticketer: ring::Ticketer::new,
    };
    // A second interpreter in the process finds the provider already set.
    let _ = CryptoExt::set_provider(ring::default_provider(), extension);
}
