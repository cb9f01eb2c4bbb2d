using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Events;

/// <summary>Writes the format of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).</summary>
internal sealed class EventWriter(PipeWriter output, string run)
{
    /// <summary>Writes an event.</summary>
    internal async Task EventAsync(FleetEvent happened, CancellationToken cancellationToken)
    {
        // The JSON has no line breaks, so one `data` line is enough.
        Write($"id: {run}-{happened.Id}\nevent: {KindName(happened.Kind)}\ndata: ");
        output.Write(JsonSerializer.SerializeToUtf8Bytes(happened, SupervisionJson.Default.FleetEvent));
        Write("\n\n");
        await FlushAsync(cancellationToken);
    }

    /// <summary>Writes a comment, which readers skip.</summary>
    internal Task CommentAsync(string text, CancellationToken cancellationToken)
    {
        Write($": {text}\n\n");
        return FlushAsync(cancellationToken);
    }

    private static string KindName(FleetEventKind kind) => JsonSerializer.SerializeToElement(kind, SupervisionJson.Default.FleetEventKind).GetString()!;

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if ((await output.FlushAsync(cancellationToken)).IsCompleted)
        {
            throw new OperationCanceledException("the reader has disconnected", cancellationToken);
        }
    }
}
