using System.Globalization;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.BillingSync.Messages;
using Metering.Kernel.Grpc;
using Metering.Kernel.Messaging;
using Metering.V1;
using FailedMessage = Metering.Kernel.Messaging.FailedMessage;

namespace Metering.BillingSync.Ops;

/// <summary>The period messages that could not be taken in: what operators see of them, and how they come again.</summary>
/// <param name="broker">Where they lie; none = the bus is in memory.</param>
internal sealed class FailedPeriods(BrokerAddress? broker) : IDisposable
{
    private const int PageDefault = 100;
    private const int PageMost = 1000;
    private const int ErrorMost = 1000;

    private readonly ErrorQueue? errors = broker is null ? null : new(broker, PeriodConsumers.Queue);

    public async Task<ListFailedMessagesReply> List(ListFailedMessagesRequest request, CancellationToken cancellation)
    {
        if (request.PageSize is < 0 or > PageMost) throw RpcErrors.Invalid("page_size", $"0 to {PageMost}", $"it is {request.PageSize}");
        var skip = Skip(request.PageToken);
        var (messages, total) = await Ask(queue => queue.List(skip, request.PageSize == 0 ? PageDefault : request.PageSize, cancellation));
        var shown = skip + messages.Count;
        return new() { Messages = { messages.Select(ToMessage) }, Total = total, NextPageToken = shown < total ? $"{shown}" : "" };
    }

    public async Task<ReturnFailedMessagesReply> Return(ReturnFailedMessagesRequest request, CancellationToken cancellation)
    {
        if (request.HasMessageId == request.All) throw RpcErrors.Invalid("message_id", "a message's id, or all", "it is neither or both");
        if (request.HasMessageId && !Guid.TryParse(request.MessageId, out _))
            throw RpcErrors.Invalid("message_id", "a UUID", "it is not one");
        var returned = await Ask(queue => queue.Return(request.HasMessageId ? request.MessageId : null, cancellation));
        if (request.HasMessageId && returned == 0)
            throw RpcErrors.NotFound("message_id", "the id of a message that ListFailedMessages names", "no failed message has it");
        return new() { Returned = returned };
    }

    public void Dispose() => errors?.Dispose();

    private static int Skip(string token) => token.Length == 0 ? 0
        : int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var skip) ? skip
        : throw RpcErrors.Invalid("page_token", "empty, or next_page_token of the page before", "it is not one");

    private async Task<T> Ask<T>(Func<ErrorQueue, Task<T>> ask)
    {
        if (errors is null)
            throw RpcErrors.Of(
                StatusCode.FailedPrecondition, "", "a RabbitMQ broker as the setting Bus",
                "the bus is in memory and keeps no failed messages: all periods are published again at the next start");
        try
        {
            return await ask(errors);
        }
        catch (BusUnavailableException away)
        {
            throw RpcErrors.Of(StatusCode.Unavailable, "", "the same request, a little later", away.Message);
        }
    }

    private static V1.FailedMessage ToMessage(FailedMessage failed)
    {
        var message = new V1.FailedMessage
        {
            MessageId = failed.Id, Type = failed.Type, Attempts = failed.Attempts, FailingSince = failed.FailingSince?.ToTimestamp(),
            FailedAt = failed.FailedAt?.ToTimestamp(), Error = failed.Error.Length > ErrorMost ? failed.Error[..ErrorMost] : failed.Error,
        };
        if (Field(failed, "user") is { ValueKind: JsonValueKind.String } user) message.User = user.GetString();
        if (Field(failed, "period") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var period))
            message.Period = period;
        return message;
    }

    private static JsonElement? Field(FailedMessage failed, string name) =>
        failed.Content.ValueKind == JsonValueKind.Object && failed.Content.TryGetProperty(name, out var value) ? value : null;
}
