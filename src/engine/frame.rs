//! Frames: the values of names.

use std::sync::{Arc, Mutex, PoisonError};

use crate::value::Value;

/// The values of one activation's names. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Those of a frame that has gone its own way are the same until one of the two binds a name.
    slots: Arc<Mutex<Arc<Vec<Option<Value>>>>>,
    /// Which names they are: `None` for the phases' own.
    pub action: Option<crate::program::ActionId>,
}

impl Frame {
    /// Returns a frame of `size` names, none bound.
    pub fn new(size: usize, action: Option<crate::program::ActionId>) -> Self {
        Frame { slots: Arc::new(Mutex::new(Arc::new(vec![None; size]))), action }
    }

    /// Returns a frame with the same bindings that goes its own way.
    #[must_use]
    pub fn fork(&self) -> Frame {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Frame { slots: Arc::new(Mutex::new(slots)), action: self.action }
    }

    pub fn bind(&self, slot: u32, value: Value) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = Arc::make_mut(&mut slots).get_mut(slot as usize) {
            *place = Some(value);
        }
    }

    pub fn get(&self, slot: u32) -> Option<Value> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(slot as usize).cloned().flatten()
    }
}
