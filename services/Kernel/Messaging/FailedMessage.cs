using System.Globalization;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Headers = MassTransit.MessageHeaders;

namespace Metering.Kernel.Messaging;

/// <summary>A message that its consumer failed on, as it lies in the error queue.</summary>
/// <param name="Id">Its message id, a UUID; of a repeat the same. Empty if it came without.</param>
/// <param name="Type">Its type's name: <c>PeriodClosed</c>. Empty if the message cannot be read.</param>
/// <param name="Content">The message itself, as JSON; undefined if it cannot be read.</param>
/// <param name="Error">What the consumer failed with, the last time.</param>
/// <param name="FailingSince">When it failed first, before any return to its consumer; none if unknown.</param>
/// <param name="FailedAt">When it failed last; none if unknown.</param>
/// <param name="Attempts">How often its consumer tried it, over all returns; 1 or more.</param>
public sealed record FailedMessage(
    string Id, string Type, JsonElement Content, string Error, DateTimeOffset? FailingSince, DateTimeOffset? FailedAt, int Attempts)
{
    private const string SinceHeader = "Metering-FailingSince";
    private const string AttemptsHeader = "Metering-Attempts";
    private const string FaultPrefix = "MT-Fault-";

    internal static FailedMessage Of(BasicGetResult got)
    {
        var headers = got.BasicProperties.Headers;
        var (type, content) = Read(got.Body);
        var failedAt = Time(Text(headers, Headers.FaultTimestamp));
        return new(
            got.BasicProperties.MessageId ?? "", type, content, Text(headers, Headers.FaultMessage) ?? "",
            Time(Text(headers, SinceHeader)) ?? failedAt, failedAt, Number(headers, AttemptsHeader) + Number(headers, Headers.FaultRetryCount) + 1);
    }

    /// <summary>As it goes back to its consumer: without what it failed with; since when and how often is kept for the next time.</summary>
    internal static BasicProperties Returned(BasicGetResult got)
    {
        var failed = Of(got);
        var returned = new BasicProperties(got.BasicProperties) { Persistent = true };
        returned.Headers = (got.BasicProperties.Headers ?? new Dictionary<string, object?>())
            .Where(header => !header.Key.StartsWith(FaultPrefix, StringComparison.Ordinal) && header.Key != Headers.Reason)
            .ToDictionary(header => header.Key, header => header.Value);
        returned.Headers[AttemptsHeader] = failed.Attempts;
        if (failed.FailingSince is { } since) returned.Headers[SinceHeader] = since.ToString("O", CultureInfo.InvariantCulture);
        return returned;
    }

    // the bus wraps a message: { "messageType": ["urn:message:Namespace:Name"], "message": { … } }
    private static (string Type, JsonElement Content) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            var envelope = JsonDocument.Parse(body).RootElement.Clone();
            return (envelope.GetProperty("messageType")[0].GetString()!.Split(':')[^1], envelope.GetProperty("message"));
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return ("", default);
        }
    }

    private static string? Text(IDictionary<string, object?>? headers, string name) => headers?.TryGetValue(name, out var value) == true
        ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture)
        : null;

    private static int Number(IDictionary<string, object?>? headers, string name) =>
        int.TryParse(Text(headers, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : null;
}
