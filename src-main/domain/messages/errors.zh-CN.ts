/** One plain sentence and one way out for every error code, in Chinese. */
import type { ErrorCode } from '../contract/errors';

export interface ErrorText {
  /** What happened, one sentence. */
  readonly title: string;
  /** What the person can do now. */
  readonly remedy: string;
}

export const errorsZh: Record<ErrorCode, ErrorText> = {
  EMPTY_TEXT: { title: '文本是空的', remedy: '请粘贴或选择有内容的病历文本。' },
  TEXT_TOO_LARGE: {
    title: '文本过长，超出每份病历的上限',
    remedy: '请按住院次数或章节拆成几份再导入。',
  },
  FILE_UNREADABLE: {
    title: '文件无法读取',
    remedy: '请确认文件还在原处、没有被其他程序占用，并且有读取权限。',
  },
  FILE_EMPTY: { title: '文件是空的', remedy: '请检查文件是否导出完整。' },
  FILE_TOO_LARGE: { title: '文件过大', remedy: '请把文件拆成几份再导入。' },
  FILE_NOT_TEXT: {
    title: '这不是文本文件',
    remedy: '请在原系统中另存为纯文本后再导入。',
  },
  ENCODING_UNKNOWN: {
    title: '无法识别文件的文字编码',
    remedy: '请另存为 UTF-8 或 GB18030 编码的文本文件。',
  },
  UNSUPPORTED_FILE: {
    title: '不支持这种文件',
    remedy: '可以导入 txt、docx、pdf、csv 和 xlsx 文件。',
  },
  FOLDER_UNREADABLE: {
    title: '文件夹无法读取',
    remedy: '请确认文件夹还在原处，并且有读取权限，然后重新加入。',
  },
  DOCUMENT_DAMAGED: {
    title: '文件已损坏，无法读取',
    remedy: '请用 Office、WPS 或阅读器打开确认，另存一份后再导入。',
  },
  DOCUMENT_ENCRYPTED: {
    title: '文件设有打开密码',
    remedy: '请在原程序中去掉密码后另存一份，再导入。',
  },
  DOCUMENT_UNSAFE: {
    title: '文件的内部结构有危险，已拒绝读取',
    remedy: '请核实文件的来源；若确属病历，请在原程序中另存一份后再导入。',
  },
  DOCUMENT_TOO_COMPLEX: {
    title: '读取这个文件用时过长或占用内存过多，已停止',
    remedy: '请把文件拆成几份，或另存为纯文本后再导入。',
  },
  OLD_OFFICE_FORMAT: {
    title: '这是旧版 Office 文件（doc、xls）',
    remedy: '请用 Office 或 WPS 另存为 docx 或 xlsx 后再导入。',
  },
  SCANNED_PDF: {
    title: '这份 PDF 是扫描件，其中没有可以读取的文字',
    remedy: '请从原系统导出带文字的 PDF，或先用文字识别软件处理。',
  },
  ENCODING_MIXED: {
    title: '文件里混有两种文字编码',
    remedy: '请检查所指出的行，统一另存为 UTF-8 后再导入。',
  },
  TABLE_NEEDS_COLUMNS: {
    title: '这是表格，需要先指定病历文本所在的列',
    remedy: '请选择文本列（命令行用 --text-column），需要时再选病例号列。',
  },
  TABLE_NEEDS_BATCH: {
    title: '表格里有多份病历，不能作为一份病历打开',
    remedy: '请在“批量抽取”中加入这个表格，并选择文本列。',
  },
  TABLE_COLUMN_MISSING: {
    title: '表格里没有指定的列',
    remedy: '请核对列名或列号，以及第一行是否为标题。',
  },
  TABLE_SHEET_MISSING: {
    title: '工作簿里没有指定的工作表',
    remedy: '请核对工作表的名称。',
  },
  TABLE_EMPTY: { title: '表格里没有数据行', remedy: '请检查表格是否导出完整，或换一个工作表。' },
  TABLE_DAMAGED: {
    title: '表格从某一行起无法读取',
    remedy: '请检查所指出的行：引号可能没有成对，或一行的内容过长。',
  },
  TABLE_CELL_WITHOUT_VALUE: {
    title: '单元格是公式或错误，没有可用的内容',
    remedy: '请用 Excel 或 WPS 打开表格，重新计算或改正这个单元格，保存后再试。',
  },
  COPY_TOO_LARGE: {
    title: '选中的内容太多，没有复制',
    remedy: '请分几次复制，每次不超过约三十万字。',
  },
  NETWORK_PATH: {
    title: '这个文件在另一台电脑上，没有打开',
    remedy: '请用选择按钮在对话框中选它，或先复制到本机。',
  },
  MODEL_MISSING: {
    title: '找不到模型文件',
    remedy: '请检查模型文件是否在原来的位置，或重新安装程序。',
  },
  MODEL_EMPTY: { title: '模型文件是空的', remedy: '请重新复制模型文件。' },
  MODEL_NOT_GGUF: { title: '这不是 GGUF 模型文件', remedy: '请选择 GGUF 格式的模型文件。' },
  MODEL_TRUNCATED: {
    title: '模型文件不完整',
    remedy: '文件可能没有复制完，请重新复制并核对大小。',
  },
  MODEL_STRUCTURE: {
    title: '模型文件的内部结构不正确，已拒绝载入',
    remedy: '请从可靠来源重新取得这个模型文件。',
  },
  MODEL_CHECKSUM: {
    title: '模型文件与说明卡上的校验值不符，已拒绝载入',
    remedy: '文件可能损坏或被改动，请从可靠来源重新取得。',
  },
  MODEL_CARD_INVALID: {
    title: '模型说明卡的内容不正确',
    remedy: '请使用与模型文件配套的说明卡。',
  },
  MODEL_ARCHITECTURE: {
    title: '本程序不支持这个模型的结构',
    remedy: '请换用 Llama 结构或目录中列出的其他模型。',
  },
  MODEL_SETTINGS_INVALID: {
    title: '模型设置中有一项不适用于这个模型或这台电脑',
    remedy: '请修改所指出的设置，或改为自动。',
  },
  MODEL_DOES_NOT_FIT: {
    title: '按当前设置，内存或显存不够，没有载入模型',
    remedy: '请缩短上下文、减少并行路数、减少显卡层数或改为自动；也可以换用更小的量化文件。',
  },
  MODEL_OUT_OF_MEMORY: {
    title: '内存不足，模型没有载入',
    remedy: '请关闭其他占用内存的程序后重试，或缩短上下文、换用更小的模型文件。',
  },
  GPU_OUT_OF_MEMORY: {
    title: '显存不足，模型没有载入到显卡',
    remedy: '请关闭其他使用显卡的程序，或减少显卡层数、缩短上下文，也可以改用处理器运行。',
  },
  GPU_DRIVER: {
    title: '显卡驱动没有安装或版本过旧，无法使用显卡',
    remedy: '请联系信息科安装或更新显卡驱动；在此之前可以改用处理器运行。',
  },
  GPU_FAILED: {
    title: '显卡出错，模型没有载入到显卡',
    remedy: '请重新启动电脑后再试；仍失败时请在模型设置中改用处理器运行。',
  },
  CPU_UNSUPPORTED: {
    title: '这台电脑的处理器或系统不能运行模型',
    remedy: '请换用另一台电脑，或联系信息科确认安装的是适合这个系统的版本。',
  },
  MODEL_LOAD_FAILED: {
    title: '模型载入失败',
    remedy: '请关闭其他占用内存的程序后重新启动模型；仍失败时请换用较小的模型。',
  },
  MODEL_CHANGED: {
    title: '模型文件已不是导入时的那个文件',
    remedy: '文件被替换或修改过。请换回原来的文件，或把现在的文件作为另一个模型导入。',
  },
  MODEL_UNKNOWN: {
    title: '模型库中没有这个模型',
    remedy: '请在“模型”页重新导入，或另选一个模型。',
  },
  TEMPLATE_UNUSABLE: {
    title: '模型文件没有可用的提示格式',
    remedy: '请从列表中选择其他格式；可参照发布者的说明。',
  },
  IMPORT_BUSY: {
    title: '正在导入另一个模型',
    remedy: '请等它结束，或先取消它。',
  },
  MODEL_NOT_READY: { title: '模型还没有载入完成', remedy: '请等状态栏显示就绪后再试。' },
  CHECKPOINT_MISSING: {
    title: '找不到模型权重文件夹',
    remedy: '请指定含有 config.json 和权重文件的文件夹。',
  },
  CHECKPOINT_INCOMPLETE: {
    title: '模型权重不完整：缺少文件，或文件没有复制完',
    remedy: '请重新复制所指出的文件，并核对大小。',
  },
  CHECKPOINT_INVALID: {
    title: '模型权重中有文件损坏，或与其他文件不一致',
    remedy: '请从原来的出处重新获取所指出的文件。',
  },
  CHECKPOINT_UNSAFE: {
    title: '模型权重文件要求运行程序，已拒绝，没有运行任何内容',
    remedy: '请勿使用这个文件，请从发布者处重新获取。',
  },
  CHECKPOINT_UNSUPPORTED: {
    title: '这种模型权重不能转换',
    remedy: '可转换使用 SentencePiece 分词器的 Llama 结构权重，请获取这样的版本。',
  },
  QUANTIZE_FAILED: {
    title: '模型量化失败，没有写入文件',
    remedy: '请关闭占用内存较多的程序后重试，或选择其他量化类型。',
  },
  CONVERTER_DIED: {
    title: '转换进程意外退出，没有留下文件',
    remedy: '请关闭占用内存较多的程序后重试。',
  },
  CONVERSION_BUSY: {
    title: '正在转换另一份权重',
    remedy: '请等它结束，或先取消它。',
  },
  SCHEMA_UNKNOWN: { title: '没有这个抽取方案', remedy: '请从列表中选择一个方案。' },
  SCHEMA_NOT_SUPPORTED: {
    title: '当前模型不支持这个抽取方案',
    remedy: '请选择模型支持的方案，或换用其他模型。',
  },
  SCHEMA_INVALID: {
    title: '抽取方案有错误',
    remedy: '请按列出的问题逐条改正后再保存或运行。',
  },
  SCHEMA_FILE_INVALID: {
    title: '这个文件不是抽取方案',
    remedy: '请选择由本程序导出的 JSON 文件；自己编写的文件请对照说明改正所指出的行。',
  },
  STRATEGY_NOT_SUPPORTED: {
    title: '当前模型不支持所需的抽取方式',
    remedy: '请换用其他模型，或检查模型说明卡。',
  },
  TASK_NOT_SUPPORTED: {
    title: '当前模型不能回答问题，也不能起草文字',
    remedy: '内置小模型只做信息抽取。请在“模型”页导入或指定能对话的模型。',
  },
  EMPTY_QUESTION: {
    title: '还没有写问题',
    remedy: '请输入问题，或用一个快捷提问。',
  },
  QUESTION_TOO_LONG: {
    title: '问题太长',
    remedy: '请缩短问题；病历内容不用写进问题里。',
  },
  NO_PATIENT_TURN: {
    title: '对话里没有患者说的话',
    remedy: '请粘贴患者的消息，或把其中一段改为“患者”。',
  },
  DIALOGUE_INVALID: {
    title: '对话文件的格式不对',
    remedy: '文件的格式见命令的 --help；角色只有患者和医生两种。',
  },
  REPLY_EMPTY: {
    title: '回复还是空的',
    remedy: '请先写好回复再批准。',
  },
  REPLY_ORDER_OPEN: {
    title: '还有用药内容没有填写',
    remedy: '请把【用药请由医师填写】逐处改成您的医嘱，或删去。',
  },
  REPLY_LOCKED: {
    title: '这份回复已经批准，不能再改',
    remedy: '需要另写时，请点「另拟一份」：对话会带过去，批准过的回复保留不变。',
  },
  REPLY_NOT_APPROVED: {
    title: '这份回复还没有医生批准，不能复制或导出',
    remedy: '请先读完、改好并批准。若已批准仍见此提示，说明内容与批准时不一致，请另拟一份。',
  },
  CONTEXT_EXCEEDED: {
    title: '文本超出模型一次能处理的长度',
    remedy: '请拆分病历，或换用上下文更长的模型。',
  },
  DECODE_FAILED: {
    title: '模型在处理这段文本时出错',
    remedy: '请重新抽取；若反复出现，请记下错误代码并联系信息科。',
  },
  LENGTH_LIMIT: {
    title: '达到长度上限，结果不完整',
    remedy: '已得到的结果仍可使用；请拆分病历后对其余部分重新抽取。',
  },
  DATASET_LINE_INVALID: {
    title: '数据集中有一行格式不正确',
    remedy: '请检查所指出的行（或题目）和字段；第 0 行指整个文件，如编码或格式不正确。',
  },
  DATASET_LABELS_UNKNOWN: {
    title: '数据集中有标签对照表里没有的标签',
    remedy: '请为这个数据集写一份标签对照表，评测时选用它（命令行用 --labels 指定）。',
  },
  LABEL_FILE_INVALID: {
    title: '标签对照表的内容不正确',
    remedy: '请改正所指出的字段；可参照程序自带的对照表。',
  },
  EVALUATION_NOTHING_TO_SCORE: {
    title: '没有可以评分的内容',
    remedy:
      '所选资料里没有一处标注属于这个抽取方案的类型：请换一个抽取方案、数据文件或标签对照表。',
  },
  EVALUATION_RUN_CHANGED: {
    title: '评测途中模型的设置变了，评测已停止',
    remedy: '一次评测从头到尾只能用同一套设置：请不要在评测时更改模型，然后重新开始。',
  },
  HOST_DIED: {
    title: '模型进程意外退出',
    remedy: '程序会自动重启它；就绪后请再试一次，病历没有丢失。',
  },
  HOST_UNAVAILABLE: {
    title: '模型进程无法启动',
    remedy: '请在状态栏中重新启动模型；仍失败时请重启程序。',
  },
  WORKER_DIED: {
    title: '存储进程意外退出',
    remedy: '程序会自动重启它；屏幕上的内容仍在，请稍后重试。',
  },
  PORT_CLOSED: { title: '内部连接已断开', remedy: '请重试；仍失败时请重启程序。' },
  BAD_REQUEST: {
    title: '程序内部的请求格式不正确',
    remedy: '请重试；若反复出现，请记下错误代码并联系信息科。',
  },
  BAD_REPLY: {
    title: '程序内部的答复格式不正确',
    remedy: '请重试；若反复出现，请记下错误代码并联系信息科。',
  },
  UNKNOWN_METHOD: {
    title: '程序的各部分版本不一致',
    remedy: '请重启程序；仍失败时请重新安装。',
  },
  FORBIDDEN_SENDER: {
    title: '拒绝了来自陌生页面的请求',
    remedy: '请重启程序；若反复出现，请联系信息科。',
  },
  DISK_FULL: {
    title: '磁盘空间不足，没有保存',
    remedy: '请清理磁盘空间后重试；屏幕上的内容仍在。',
  },
  DISK_SPACE: {
    title: '磁盘剩余空间不够，尚未开始',
    remedy: '请腾出所指出的空间（字节），或换一个磁盘。',
  },
  STORE_READ_FAILED: {
    title: '病历库读取失败',
    remedy: '请检查磁盘是否正常，然后重启程序。',
  },
  STORE_WRITE_FAILED: {
    title: '写入失败，没有保存',
    remedy: '请检查磁盘空间和写入权限后重试；屏幕上的内容仍在。',
  },
  STORE_CORRUPT: {
    title: '病历库的文件有损坏',
    remedy: '请不要删除数据文件夹，先复制备份，再联系信息科。',
  },
  STORE_NEWER: {
    title: '病历库由更新版本的程序建立',
    remedy: '请安装较新版本的程序后再打开。',
  },
  STORE_LOCKED: {
    title: '病历库正被另一个程序使用',
    remedy: '请关闭另一个正在运行的工作站后重试。',
  },
  SEAL_INVALID: {
    title: '密文校验失败，内容可能损坏或被改动',
    remedy: '请不要删除数据文件夹，先复制备份，再联系信息科。',
  },
  STORE_TAMPERED: {
    title: '病历库被程序以外的操作改动过，已拒绝打开',
    remedy: '请立即停止在本机工作并联系信息科；可从可信的备份恢复。',
  },
  STORE_OTHER_KEY: {
    title: '病历库与当前密钥不匹配',
    remedy: '数据文件夹可能来自另一台工作站，请联系信息科。',
  },
  ROW_RESTORED: {
    title: '发现存储的数据被外部改动，已按日志恢复',
    remedy: '数据没有丢失。如再次出现，请联系信息科。',
  },
  RECORD_KEY_LOST: {
    title: '这份病历的密钥已损坏，无法打开',
    remedy: '其他病历不受影响；可从备份恢复这份病历。',
  },
  RECORD_KEYS_MISSING: {
    title: '病历密钥文件缺失或损坏',
    remedy: '请不要删除数据文件夹，从最近的备份恢复，或联系信息科。',
  },
  KEY_UNREADABLE: {
    title: '无法读取数据密钥，病历打不开',
    remedy: '请不要删除数据文件夹，检查其读取权限，或联系信息科。',
  },
  VAULT_LOCKED: { title: '工作站已锁定', remedy: '请重新登录后再试。' },
  FORBIDDEN_ROLE: { title: '您的角色无权进行此操作', remedy: '如确有需要，请联系本机管理员。' },
  KEYRING_DAMAGED: {
    title: '用户文件已损坏，无法登录',
    remedy: '请不要删除数据文件夹；用最近一次备份恢复，或联系信息科。',
  },
  KEYRING_TAMPERED: {
    title: '用户文件被改动过，已拒绝使用',
    remedy: '请立即报告信息科；不要继续使用，用可信的备份恢复。',
  },
  PASSPHRASE_WRONG: {
    title: '口令不正确',
    remedy: '请检查输入法、大小写后重试；忘记口令可用恢复词重设。',
  },
  PASSPHRASE_TOO_SHORT: { title: '口令太短', remedy: '请用几个不相关的词连成一句，既好记又安全。' },
  PASSPHRASE_TOO_LONG: { title: '口令太长', remedy: '请改用较短的口令。' },
  PASSPHRASE_COMMON: {
    title: '口令太容易被猜到',
    remedy: '请不要使用姓名、工号、连续或重复的字符；几个不相关的词连成一句即可。',
  },
  SIGN_IN_DELAYED: {
    title: '口令连续输错，暂时不能登录',
    remedy: '请等待后再试；忘记口令可请管理员重设，或使用恢复词。',
  },
  RECOVERY_WORDS_INVALID: { title: '恢复词有误', remedy: '请对照抄写的十二个词逐个检查。' },
  RECOVERY_WRONG: {
    title: '这组恢复词不属于本机的数据',
    remedy: '请核对是否为本工作站最近一次生成的恢复词。',
  },
  STAFF_NUMBER_TAKEN: {
    title: '该工号已有用户',
    remedy: '每位医务人员使用自己的账号，请核对工号。',
  },
  USER_UNKNOWN: { title: '找不到该用户', remedy: '账号可能已被移除，请重新选择。' },
  LAST_OF_ROLE: {
    title: '不能移除最后一位承担该角色的用户',
    remedy: '请先添加另一位管理员或医师。',
  },
  POLICY_INVALID: {
    title: '本机的管理规则文件有误，暂不能登录',
    remedy: '请联系信息科更正规则文件，然后重新启动本程序。',
  },
  POLICY_FORBIDS: { title: '本机的管理规则不允许此操作', remedy: '如确有需要，请联系信息科。' },
  AUDIT_TAMPERED: {
    title: '操作记录被改动或删减过',
    remedy: '请报告信息科；在“操作记录”中可查看从哪一条起不可信。',
  },
  KEYRING_ROLLED_BACK: {
    title: '用户文件被换成了较旧的版本',
    remedy: '请立即报告信息科：已移除的用户可能又能登录。',
  },
  JOURNAL_ROLLED_BACK: {
    title: '病历数据被换成了较旧的版本',
    remedy: '请立即报告信息科：较新的内容可能已丢失，可从备份恢复。',
  },
  RECORD_NOT_FOUND: { title: '找不到这份病历', remedy: '它可能已被删除，请在列表中重新选择。' },
  RECORD_IN_BIN: {
    title: '这份病历在回收站里',
    remedy: '如仍需要，请先从回收站恢复，再重试。',
  },
  VERSION_CONFLICT: {
    title: '这份病历刚在另一个窗口中改动过',
    remedy: '请重新打开这份病历后再改。',
  },
  REVIEW_LOCKED: {
    title: '这份审核已经确认，不能再改',
    remedy: '需要更正时，请先「修订」，程序会开始一个新的版本，原来的版本保留不变。',
  },
  REVIEW_INCOMPLETE: {
    title: '还有内容没有审核',
    remedy: '请逐条采纳或驳回，并处理与新结果不一致的内容，然后再确认。',
  },
  SAMPLE_EMPTY: {
    title: '没有可抽取的病历',
    remedy: '样本只从按该方案审核确认过的病历中抽取，请先审核并确认一些病历。',
  },
  SAMPLE_NOT_BLIND: {
    title: '样本中有您自己确认过的病历',
    remedy: '第二次审核须由没有确认过其中任何一份病历的医师完成。',
  },
  SAMPLE_TAKEN: {
    title: '已有其他医师在做这份样本的第二次审核',
    remedy: '请由该医师继续完成，或者另抽一份样本。',
  },
  SAMPLE_OWN_REVIEW: {
    title: '这份病历是您自己审核过的',
    remedy:
      '请由第三位医师仲裁。没有第三人时，可由抽样的医师在“研究”中允许审核者仲裁，方法学描述会如实写明。',
  },
  SAMPLE_NOT_READY: {
    title: '第二次审核尚未完成',
    remedy: '请先确认样本中的每一份病历，再计算一致性。',
  },
  CONFIRMATION_INVALID: {
    title: '审核确认没有生效',
    remedy: '审核内容已经保存，但确认与内容或登录的医师对不上。请重新打开病历，再确认一次。',
  },
  BACKUP_INCOMPLETE: {
    title: '这份备份不完整',
    remedy: '请选择另一份备份；在病历恢复之前请保留这份。',
  },
  BACKUP_TAMPERED: {
    title: '这份备份被改动过，或属于另一台工作站',
    remedy: '请选择可信的备份，并联系信息科。',
  },
  BACKUP_NOT_VERIFIED: {
    title: '备份写入后读回校验未通过，已作废',
    remedy: '请检查磁盘或网络文件夹后重新备份。',
  },
  BACKUP_NOT_FOUND: {
    title: '这个文件夹里没有备份',
    remedy: '请选择存放备份的文件夹，或其中的某一份备份。',
  },
  BACKUP_PLACE_MISSING: {
    title: '找不到备份位置，没有备份',
    remedy: '请接好备份盘或连上网络文件夹后重试，或另选备份位置。',
  },
  BACKUP_PLACE_INSIDE: {
    title: '不能备份到程序自己的数据文件夹里',
    remedy: '请选择另一个文件夹，最好在另一块硬盘上。',
  },
  BATCH_MISSING: {
    title: '这个批次已不存在',
    remedy: '已完成的部分在病历中；其余请新建一个批次。',
  },
  BATCH_DAMAGED: {
    title: '这个批次的文件已损坏，无法继续',
    remedy: '病历不受影响，已完成的部分已保存；其余请新建一个批次。',
  },
  BATCH_TAMPERED: {
    title: '这个批次的文件被外部改动，已拒绝使用',
    remedy: '请告知信息科。病历不受影响；缺少的部分请新建一个批次。',
  },
  BATCH_OTHER_KEY: {
    title: '这个批次属于另一把密钥',
    remedy: '它的文件可能来自另一台工作站：请告知信息科，或新建一个批次。',
  },
  BATCH_RUN_CHANGED: {
    title: '模型的设置变了，与这个批次开始时不同，批次已暂停',
    remedy: '一个批次从头到尾只用同一套设置：请改回原来的设置再继续，或取消这个批次后新建一个。',
  },
  BATCH_HOLDS_RECORD: {
    title: '这份病历在一个未完成的批次里，暂时不能彻底删除',
    remedy: '请等批次完成，或先把批次移出列表，再彻底删除。',
  },
  RESTORE_NOT_EMPTY: {
    title: '这里已有病历，没有恢复',
    remedy: '备份只能恢复到空的数据文件夹。',
  },
  OUTPUT_EXISTS: {
    title: '输出文件已存在，没有覆盖',
    remedy: '请换一个文件名，或加上 --force 覆盖。',
  },
  OUTPUT_UNWRITABLE: {
    title: '无法写入输出文件',
    remedy: '请检查文件夹是否存在、磁盘空间和写入权限。',
  },
  RESUME_OTHER_RUN: {
    title: '输出文件里的结果出自别的模型、方案或设置，没有继续',
    remedy: '请用原来的模型、方案和选项继续；要从头开始，请换一个输出文件，或加 --force。',
  },
  RESUME_FILE_INVALID: {
    title: '要继续的输出文件里有一行不是抽取结果',
    remedy: '请检查是否选错了文件；要从头开始，请换一个输出文件，或加 --force。',
  },
  SAVE_EXPIRED: {
    title: '所选的保存位置已失效，没有写入',
    remedy: '请再点一次“保存”，重新选择位置。',
  },
  EXPORT_TOO_LARGE: {
    title: '导出内容超过了这种文件的大小上限',
    remedy: '请分几次导出，或改用逗号分隔的表格。',
  },
  EXPORT_TEXT_MISSING: {
    title: '结果中没有病历全文，无法去标识化',
    remedy: '请在抽取时就去标识化，再导出其结果。',
  },
  RESULT_LINE_INVALID: {
    title: '有一行不是抽取结果',
    remedy: '请使用抽取命令写出的结果文件，不要改动。',
  },
  USAGE: { title: '命令用法不正确', remedy: '请用 --help 查看用法。' },
  INTERNAL: {
    title: '程序出现意外错误',
    remedy: '请重试；若反复出现，请把错误代码和事件编号告诉信息科。',
  },
};
