//! How the engine is set up: its own configuration and what it makes of wasmtime's.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;
use wasmtime::{Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig, Strategy};

use crate::validate::TABLE_ELEMENTS;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the operator decides about outgoing requests.
#[derive(Debug, Clone, Default)]
pub struct EgressConfig {
    /// Addresses (`10.1.2.3`), ranges (`10.0.0.0/8`, `fd00::/8`) and host names that may be reached although private.
    pub allow: Vec<String>,
    /// Sends every request through this HTTP or SOCKS proxy, which then resolves the names.
    pub proxy: Option<Url>,
    /// Certificates trusted beside the system's, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
}

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Runs at the same time in this process; each may hold its memory limit.
    pub concurrent_runs: usize,
    /// Runs of one tenant at the same time, so that a full tenant does not slow its neighbors.
    pub runs_per_tenant: usize,
    /// How long a run waits for its turn before it is refused as busy.
    pub admission_wait: Duration,
    /// Folder of compiled code and snapshots; `None` makes both again in every process. Made, mode 0700, when absent.
    pub cache_dir: Option<PathBuf>,
    /// Compiled code and snapshots kept ready in memory, bytes; the least recently used go first.
    pub program_bytes: usize,
    /// Compressed snapshots kept in memory, bytes: those that are not ready.
    pub cold_bytes: usize,
    /// What the operator decides about outgoing requests.
    pub egress: EgressConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            concurrent_runs: 256,
            runs_per_tenant: 128,
            admission_wait: Duration::from_secs(2),
            cache_dir: None,
            program_bytes: 384 * MIB,
            cold_bytes: 128 * MIB,
            egress: EgressConfig::default(),
        }
    }
}

/// Linear memory a pool slot can hold, bytes: the most that any tenant's limit can allow.
pub(crate) const MEMORY_BYTES: usize = 64 * MIB;
/// Memory kept in a slot after a run instead of being given back to the kernel. Giving back and faulting in again is
/// what made two threads slower than one, so this is above what an ordinary run touches, snapshots included.
/// Affordable because only pages really written are reset: that takes the kernel's `PAGEMAP_SCAN`. At worst every slot
/// that was ever in use at once keeps this much.
const KEEP_RESIDENT: usize = 8 * MIB;
/// The same where the kernel cannot tell which pages were written and all of it is cleared each time.
const KEEP_RESIDENT_WITHOUT_SCAN: usize = 256 * KIB;
/// Table memory kept: more than the function table of an ordinary guest.
const TABLE_KEEP_RESIDENT: usize = 64 * KIB;
/// Native stack of a guest, and of the fiber it runs on with what host functions need. An interpreter in the guest has
/// its own limit on a stack in linear memory, and throws when that is used up: for this the native one must be larger.
const WASM_STACK: usize = 2 * MIB;
const FIBER_STACK: usize = 3 * MIB;
/// State wasmtime keeps per instance, bytes: grows with functions and globals.
const INSTANCE_BYTES: usize = 4 * MIB;
/// Instances beside the runs: builds make some.
const SPARE_INSTANCES: usize = 16;
/// Fuel of `memory.grow` for each page, the most that there is; the page is cleared and mapped.
const FUEL_PER_PAGE: u8 = u8::MAX;

/// What we make of wasmtime's own configuration.
pub(crate) fn wasmtime_config(config: &EngineConfig) -> wasmtime::Config {
    let mut cost = OperatorCost::new();
    // Work in proportion to a length costs in proportion to it.
    cost.variable.memory_copy_per_byte = 1;
    cost.variable.memory_fill_per_byte = 1;
    cost.variable.memory_init_per_byte = 1;
    cost.variable.memory_grow_per_page = FUEL_PER_PAGE;
    cost.variable.table_copy_per_element = 1;
    cost.variable.table_fill_per_element = 1;
    cost.variable.table_init_per_element = 1;
    cost.variable.table_grow_per_element = 1;

    let mut wasmtime = wasmtime::Config::new();
    wasmtime
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .consume_fuel(true)
        .operator_cost(cost)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .async_stack_zeroing(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .concurrency_support(false)
        // Neither is needed to name the functions of a trap; both are memory held for each program.
        .generate_address_map(false)
        .native_unwind_info(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    // Exactly the proposals that modules are checked against; `gc` and `threads` are compiled in and off.
    wasmtime
        .gc_support(false)
        .wasm_reference_types(true)
        .wasm_multi_value(true)
        .wasm_bulk_memory(true)
        .wasm_simd(true)
        .wasm_extended_const(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_threads(false)
        .wasm_shared_everything_threads(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_function_references(false)
        .wasm_gc(false)
        .wasm_exceptions(false)
        .wasm_stack_switching(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    wasmtime
}

fn pool(config: &EngineConfig) -> PoolingAllocationConfig {
    let slots = u32::try_from(config.concurrent_runs.saturating_add(SPARE_INSTANCES)).unwrap_or(u32::MAX);
    let keep =
        if PoolingAllocationConfig::is_pagemap_scan_available() { KEEP_RESIDENT } else { KEEP_RESIDENT_WITHOUT_SCAN };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .total_stacks(slots)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(MEMORY_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .table_elements(TABLE_ELEMENTS as usize)
        .linear_memory_keep_resident(keep)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(1);
    pool
}
