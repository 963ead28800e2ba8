//! The page of noise, and saying that a defect is mended.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::id::Digest128;
use serde::Deserialize;

use super::{Viewing, page, unrendered};
use crate::api::extract::Id;
use crate::api::noise;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::noise::{self as shown, Attempt};
use crate::problem::Problem;

pub(super) async fn show(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    viewing.show(shown::noise(&noise::noise(&app), None, &viewing.chrome))
}

#[derive(Debug, Deserialize)]
pub(super) struct Mend {
    #[serde(default)]
    how: String,
}

pub(super) async fn mend(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<Mend>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Mend { how }) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    let Err(problem) = noise::mend(&app, &responder, id, &how).await else {
        return Ok(Redirect::to(&format!("{}/noise#defect-{id}", viewing.chrome.base)).into_response());
    };
    let status = problem.code.status();
    let attempt = Attempt { defect: id.to_string(), problem: problem.told(), how };
    let main = shown::noise(&noise::noise(&app), Some(&attempt), &viewing.chrome).map_err(unrendered)?;
    page(main, &viewing.chrome, status)
}
