"""TensorFlow's messages about summaries, events and examples, in the notation of `hdfsaver.messages.descriptor_pool`.

Sources: ``tensorflow/core/framework/{summary,histogram}.proto``, ``tensorflow/core/util/event.proto`` and
``tensorflow/core/example/{example,feature}.proto``. An event file is a list of ``Event``; TensorBoard reads it. An
``Example`` is one record of a data set.
"""

from __future__ import annotations

SUMMARY_SCHEMA = """
SummaryDescription
1 type_hint string

HistogramProto
1 min double
2 max double
3 num double
4 sum double
5 sum_squares double
6 bucket_limit double*
7 bucket double*

SummaryMetadata
1 plugin_data PluginData
2 display_name string
3 summary_description string
4 data_class DataClass

SummaryMetadata.PluginData
1 plugin_name string
2 content bytes

Summary
1 value Value*

Summary.Image
1 height int32
2 width int32
3 colorspace int32
4 encoded_image_string bytes

Summary.Audio
1 sample_rate float
2 num_channels int64
3 length_frames int64
4 encoded_audio_string bytes
5 content_type string

Summary.Value
7 node_name string
1 tag string
9 metadata SummaryMetadata
2 simple_value float|value
3 obsolete_old_style_histogram bytes|value
4 image Image|value
5 histo HistogramProto|value
6 audio Audio|value
8 tensor TensorProto|value

Event
1 wall_time double
2 step int64
3 file_version string|what
4 graph_def bytes|what
5 summary Summary|what
6 log_message LogMessage|what
7 session_log SessionLog|what
8 tagged_run_metadata TaggedRunMetadata|what
9 meta_graph_def bytes|what
10 source_metadata SourceMetadata

SourceMetadata
1 writer string

LogMessage
1 level Level
2 message string

SessionLog
1 status SessionStatus
2 checkpoint_path string
3 msg string

TaggedRunMetadata
1 tag string
2 run_metadata bytes
"""

EXAMPLE_SCHEMA = """
Example
1 features Features

SequenceExample
1 context Features
2 feature_lists FeatureLists

BytesList
1 value bytes*

FloatList
1 value float*

Int64List
1 value int64*

Feature
1 bytes_list BytesList|kind
2 float_list FloatList|kind
3 int64_list Int64List|kind

Features
1 feature {string:Feature}

FeatureList
1 feature Feature*

FeatureLists
1 feature_list {string:FeatureList}
"""

SUMMARY_ENUMS = {
    "DataClass": {
        "DATA_CLASS_UNKNOWN": 0,
        "DATA_CLASS_SCALAR": 1,
        "DATA_CLASS_TENSOR": 2,
        "DATA_CLASS_BLOB_SEQUENCE": 3,
    },
    "LogMessage.Level": {"UNKNOWN": 0, "DEBUGGING": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50},
    "SessionLog.SessionStatus": {"STATUS_UNSPECIFIED": 0, "START": 1, "STOP": 2, "CHECKPOINT": 3},
}
"""The enums of these messages."""
