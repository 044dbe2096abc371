//! How a platform links what Node loads.

fn main() {
    napi_build::setup();
}
