"""The kind of Vertex AI jobs: a command of an image, which may train a model, or a compiled pipeline."""

from dbt_scheduler.kinds import Kind, Setting

# ``$`` also matches before a final line break.
_ONE_LINE = {"not": {"type": "string", "pattern": "\n"}}

PLUGIN = Kind(
    description="a Vertex AI custom job, training job or pipeline job",
    where="vertex-ai",
    keys={
        "training": Setting(
            description="the model that the command trains and saves to AIP_MODEL_DIR; it is uploaded to the Model "
            "Registry as a new version of the model with this id",
            schema={
                "type": "object",
                "additionalProperties": False,
                "required": ["model", "serving_image"],
                "properties": {
                    "model": {
                        "description": "The model's id in the Model Registry.",
                        "type": "string",
                        "pattern": "^[a-z_][a-z0-9_-]{0,62}$",
                        **_ONE_LINE,
                        "examples": ["churn"],
                    },
                    "serving_image": {
                        "description": "The image of the prediction container.",
                        "type": "string",
                        "minLength": 1,
                        "examples": ["europe-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-5:latest"],
                    },
                },
            },
            example={
                "model": "churn",
                "serving_image": "europe-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-5:latest",
            },
        ),
        "pipeline_job": Setting(
            description="a compiled pipeline, instead of an image and a command",
            schema={
                "type": "object",
                "additionalProperties": False,
                "required": ["template"],
                "properties": {
                    "template": {
                        "description": "The file compiled by Kubeflow Pipelines, in Cloud Storage or in the project.",
                        "type": "string",
                        "pattern": r"^(gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/)?"
                        r"([A-Za-z0-9_=@+-][A-Za-z0-9_.=@+-]*/)*[A-Za-z0-9_=@+-][A-Za-z0-9_.=@+-]*\.(json|ya?ml)$",
                        **_ONE_LINE,
                        "examples": ["gs://my-bucket/pipelines/churn.yaml", "pipelines/churn.yaml"],
                    },
                    "parameters": {
                        "description": "The values of its parameters. Parameters named data_interval_start and "
                        "data_interval_end get the run's data interval.",
                        "type": "object",
                        "additionalProperties": {
                            "description": "A value.",
                            "type": ["string", "number", "boolean", "array", "object"],
                            "examples": ["eu"],
                        },
                        "examples": [{"market": "eu"}],
                    },
                },
            },
            example={"template": "gs://my-bucket/pipelines/churn.yaml", "parameters": {"market": "eu"}},
            instead_of=("image", "command", "machine_type", "accelerator", "training"),
        ),
    },
)
