import { describe, expect, it } from 'vitest'
import { signAcs3 } from '../../../src/features/verification/providers/aliyun-signature.ts'
import { signTc3 } from '../../../src/features/verification/providers/tencent-signature.ts'

describe('signAcs3 and signTc3', () => {
  it("equals Alibaba Cloud's example of ACS3-HMAC-SHA256", async () => {
    const { url, headers } = await signAcs3({
      endpoint: 'https://ecs.cn-shanghai.aliyuncs.com/',
      action: 'RunInstances',
      version: '2014-05-26',
      query: { RegionId: 'cn-shanghai', ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd' },
      accessKeyID: 'YourAccessKeyId',
      accessKeySecret: 'YourAccessKeySecret',
      now: Date.parse('2023-10-26T10:22:32Z'),
      nonce: '3156853299f313e23d1673dc12e1703d',
    })
    expect(url).toContain('/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai')
    expect(headers.authorization).toBe(
      'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    )
  })

  it("equals Tencent Cloud's example of TC3-HMAC-SHA256", async () => {
    const headers = await signTc3({
      endpoint: 'https://cvm.tencentcloudapi.com/',
      service: 'cvm',
      action: 'DescribeInstances',
      version: '2017-03-12',
      region: 'ap-guangzhou',
      body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
      secretID: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
      secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
      now: 1_551_113_065_000,
    })
    expect(headers['x-tc-timestamp']).toBe('1551113065')
    expect(headers.authorization).toBe(
      'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
    )
  })
})
