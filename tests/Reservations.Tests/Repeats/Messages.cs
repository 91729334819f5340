using Google.Protobuf;
using Grpc.Core;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>The fields that all commands and replies have, whatever their kind.</summary>
internal static class Messages
{
    public static string CommandId(this IMessage request) => (string)Field(request, "command_id").GetValue(request);

    public static T With<T>(this T request, string commandId) where T : IMessage
    {
        Field(request, "command_id").SetValue(request, commandId);
        return request;
    }

    public static bool IsRepeated(this IMessage reply) => (bool)Field(reply, "repeated").GetValue(reply);

    /// <summary>The reply, as a repeat would have it.</summary>
    public static T Repeated<T>(this T reply) where T : IMessage
    {
        Field(reply, "repeated").SetValue(reply, true);
        return reply;
    }

    /// <summary>It fails with this status and names this field.</summary>
    public static async Task Fails(this Task<IMessage> call, StatusCode code, string? field)
    {
        var failure = await Failure(call);
        Assert.That(failure.StatusCode, Is.EqualTo(code), failure.Status.Detail);
        var trailer = failure.Trailers.GetValueBytes("metering-error-bin");
        Assert.That(trailer is null ? null : V1.Error.Parser.ParseFrom(trailer).Field, Is.EqualTo(field));
    }

    private static async Task<RpcException> Failure(Task<IMessage> call)
    {
        try
        {
            throw new AssertionException($"it did not fail: {await call}");
        }
        catch (RpcException failure)
        {
            return failure;
        }
    }

    private static Google.Protobuf.Reflection.IFieldAccessor Field(IMessage message, string name) =>
        message.Descriptor.FindFieldByName(name)?.Accessor ?? throw new ArgumentException($"{message.Descriptor.Name} has no {name}");
}
