using System.Text;
using System.Text.Json;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Reads PID and port in the body of a health answer.</summary>
internal static class HealthBody
{
    private const int ExcerptBytes = 200;

    /// <summary>Compares the numbers <c>pid</c> and <c>port</c> at the top of a JSON object, or its beginning, with this instance's.</summary>
    /// <returns>The difference, or <see langword="null"/>. Also <see langword="null"/> for a body that is no JSON object or has neither number.</returns>
    public static string? Mismatch(ReadOnlySpan<byte> body, bool complete, int port, Func<int, bool> isExpectedPid)
    {
        if (body.StartsWith("\uFEFF"u8))
        {
            body = body[3..];
        }

        string? mismatch = null;
        var reader = new Utf8JsonReader(body, complete, default);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isPid = reader.ValueTextEquals("pid"u8);
                var isPort = reader.ValueTextEquals("port"u8);
                if (!reader.Read())
                {
                    break;
                }

                if (reader.TokenType == JsonTokenType.Number)
                {
                    var isInteger = reader.TryGetInt32(out var number);
                    if (isPid && !(isInteger && isExpectedPid(number)))
                    {
                        mismatch ??= $"the body names PID {Encoding.UTF8.GetString(reader.ValueSpan)}, which does not belong to this instance";
                    }
                    else if (isPort && !(isInteger && number == port))
                    {
                        mismatch ??= $"the body names port {Encoding.UTF8.GetString(reader.ValueSpan)} instead of {port}";
                    }
                }
                else if (!reader.TrySkip())
                {
                    break;
                }
            }

            if (complete)
            {
                // Text after the object means that it is not JSON.
                while (reader.Read())
                {
                }
            }

            return mismatch;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The beginning of a body as one line.</summary>
    public static string Excerpt(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, ExcerptBytes)]);
        return string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }
}
