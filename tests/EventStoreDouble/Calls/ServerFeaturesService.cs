using Google.Protobuf.Reflection;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Calls;

/// <summary>What a node offers: a client appends in batches only if that is among it.</summary>
internal sealed class ServerFeaturesService(DoubleNode node) : ServerFeatures.ServerFeaturesBase
{
    // the version whose rules the double keeps
    private const string Version = "24.10.0";

    public override Task<SupportedMethods> GetSupportedMethods(Empty request, ServerCallContext context)
    {
        var methods = Streams.Descriptor.Methods.Concat(Gossip.Descriptor.Methods).Concat(ServerFeatures.Descriptor.Methods);
        var offered = methods.Where(method => method.Name != "BatchAppend" || node.Options.OffersBatchAppend);
        return Task.FromResult(new SupportedMethods { EventStoreServerVersion = Version, Methods = { offered.Select(Describe) } });
    }

    private static SupportedMethod Describe(MethodDescriptor method)
    {
        var (name, service) = (method.Name.ToLowerInvariant(), method.Service.FullName.ToLowerInvariant());
        var described = new SupportedMethod { MethodName = name, ServiceName = service };
        if (method is { Name: "Read", Service.Name: "Streams" }) described.Features.Add(["position", "events"]);
        if (method.Name == "BatchAppend") described.Features.Add("deadline_duration");
        return described;
    }
}
